"""The training command, as a user runs it: a real run on digits, its workdir, and its ends."""

import json
import time
import urllib.request

import pytest
import tensorflow as tf

from tests import board
from tests.commands import assert_one_clear_line, run

GIN = "gin/digits/alen.gin"
EPOCHS = 6
SHORT = (f"--gin_param=train.epochs = {EPOCHS}", "--gin_param=MLP.hidden_units = 32")
RATES = [1e-3] * 4 + [1e-4] * 2  # after each epoch: it drops after step 232 of 348


def train(workdir, *options):
    return run("train", f"--gin_file={GIN}", f"--workdir={workdir}", *SHORT, *options)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A workdir after the whole command, and what the command printed."""
    workdir = tmp_path_factory.mktemp("trained") / "run"
    done = train(workdir)
    assert done.returncode == 0, done.stderr
    return workdir, done.stdout


def test_prints_progress_and_a_table_of_scores_by_step(trained):
    workdir, printed = trained
    results = json.loads((workdir / "results.json").read_text())
    assert "\x1b" not in printed  # a log is no terminal
    assert "energy_loss" in printed
    assert "validation" in printed
    for step, score in enumerate(results["test"]["by_step"]):
        label = f"after {step} step" if step else "inference network"
        row = next(line for line in printed.splitlines() if line.startswith(label))
        assert row.split()[-1] == f"{score:.4f}"


def test_results_say_what_was_run(trained):
    results = json.loads((trained[0] / "results.json").read_text())
    assert (results["dataset"], results["method"]) == ("digits", "alen")
    assert (results["seed"], results["epochs"], results["inference_steps"]) == (0, EPOCHS, 6)
    assert results["metric"] == "example_f1"
    assert f"train.epochs = {EPOCHS}" in results["command"]
    assert results["versions"]["tensorflow"] == tf.__version__
    # energy: 32-256-32 and 32-256-1 without biases; inference network: 32-32-32
    assert results["parameters"]["energy"] == 33 * 256 + 257 * 32 + 32 * 256 + 256
    assert results["parameters"]["inference_network"] == 33 * 32 + 33 * 32
    for split in ("validation", "test"):
        scores = results[split]
        assert len(scores["by_step"]) == 7
        assert scores["by_step"][0] == scores["inference_network"]
        assert scores["by_step"][-1] == scores["refined"]
        assert 0.5 < scores["refined"] < 1.0  # far above chance after six epochs
    assert results["validation"]["tuned"]["refined"] >= results["validation"]["refined"]


def test_evaluate_needs_only_the_workdir_and_agrees_with_training(trained):
    workdir, printed = trained
    done = run("evaluate", f"--workdir={workdir}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in printed
    two_steps = run("evaluate", f"--workdir={workdir}", "--steps=2").stdout
    assert "after 2 steps" in two_steps
    assert "after 3 steps" not in two_steps


def test_the_model_card_has_the_scores_of_the_results(trained):
    workdir = trained[0]
    results = json.loads((workdir / "results.json").read_text())
    card = (workdir / "model_card.md").read_text()
    refined, tuned = results["test"]["refined"], results["test"]["tuned"]["refined"]
    assert f"| test | refined | {refined:.4f} | {tuned:.4f} |" in card
    assert "| train | 1170 |" in card
    assert f"{results['test']['confidence']['rank_correlation']:.4f} |" in card


def test_pictures_are_png_images(trained):
    for name in ("digits.png", "score_by_step.png"):
        image = tf.io.decode_png((trained[0] / name).read_bytes()).numpy()
        assert min(image.shape[:2]) > 200
        assert image.std() > 10  # not blank


def test_tensorboard_serves_scalars_hyper_parameters_and_images(trained):
    with board.served(trained[0]) as address:

        def ask(path, body=None):
            request = urllib.request.Request(
                f"{address}/data/plugin/{path}",
                data=None if body is None else json.dumps(body).encode(),
                headers={"Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.load(answer)

        tags = wait_for(lambda: ask("scalars/tags").get("train") and ask("scalars/tags"))
        assert {
            "energy_loss/truth",
            "energy_loss/inference_network",
            "energy_loss/refined",
            "inference_loss/task",
            "inference_loss/adversarial",
            "value/truth",
            "value/inference_network",
            "value/refined",
            "oracle/inference_network",
            "oracle/refined",
            "gradient_norm/energy",
            "refinement/distance",
        } <= set(tags["train"])
        curves = {run for run, names in tags.items() if "example_f1" in names}
        assert curves == {"eval/refined", *(f"eval/step_{step}" for step in range(6))}
        points = ask("scalars/scalars?run=train&tag=energy_loss")
        assert [step for _, step, _ in points] == [58, 116, 174, 232, 290, 348]  # 1,170 // 20 each
        rates = ask("scalars/scalars?run=train&tag=learning_rate/energy")
        assert [rate for _, _, rate in rates] == pytest.approx(RATES, rel=1e-5, abs=1e-9)
        pictures = {"digits", "score_by_step", "validation/digits", "validation/score_by_step"}
        assert pictures <= set(ask("images/tags")["eval"])
        experiment = ask("hparams/experiment", {"experimentName": ""})
        assert "ALEN.beta_v" in {info["name"] for info in experiment["hparamInfos"]}
        assert ask("text/tags")["eval"]


def wait_for(question, seconds=60):
    """The first true answer to `question`, asked until then."""
    for _ in range(seconds * 5):
        try:
            if answer := question():
                return answer
        except OSError:
            pass
        time.sleep(0.2)
    pytest.fail("no answer")


@pytest.mark.slow  # tests/reliability/test_changed.py refuses more, without a command
def test_another_configuration_is_refused_and_nothing_is_lost(trained):
    workdir = trained[0]

    def content():  # but for the lock, which says who asked last
        paths = (path for path in workdir.rglob("*") if path.is_file() and path.name != ".lock")
        return {path: path.read_bytes() for path in paths}

    before = content()
    done = train(workdir, "--gin_param=ALEN.beta_v = 3.5")
    assert_one_clear_line(done, str(workdir), "a different configuration", "beta_v = 3.5")
    assert content() == before


@pytest.mark.parametrize(
    ("module", "options", "parts"),
    [
        ("train", (), ["--gin_file"]),
        ("evaluate", ("--workdir=/nowhere",), ["/nowhere is not a workdir"]),
        ("evaluate", (), ["--workdir"]),
    ],
)
def test_a_mistake_gets_one_clear_line(module, options, parts):
    assert_one_clear_line(run(module, *options), *parts)


@pytest.mark.slow  # tests/reliability/test_numbers.py names more, without a command
def test_a_loss_that_is_not_finite_is_named(tmp_path):
    done = train(tmp_path / "run", "--gin_param=energy/adam.learning_rate = 1e30")
    assert_one_clear_line(done, "penalty/energy", "not finite in epoch 1, step")
    assert not (tmp_path / "run" / "results.json").exists()
