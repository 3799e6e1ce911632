"""Cross-fitting from the command line: what it makes of a configuration, and how it goes on."""

import json

import gin
import pytest

from alen_tf.cross_fitting import cross_fitted, trained
from alen_tf.errors import ConfigError, Interrupted, WorkdirError
from alen_tf.training import config, trainer
from tests.own_rows import LABELS, rows, write_csv
from tests.stopped import Stop

TWO = ("cross_fit.estimator = [@MLP(), @second/MLP()]", "second/MLP.hidden_units = 4")


def models(workdir):
    return {path.name: path.read_bytes() for path in workdir.glob("checkpoints/*")}


def test_the_workdir_says_what_was_run(workdir, files):
    results = json.loads((workdir / "results.json").read_text())
    signature = json.loads((workdir / "model.json").read_text())
    assert signature["label_names"] == list(LABELS)
    assert signature["feature_names"] == ["a", "b", "c", "d"]
    assert (signature["threshold"] is None) == (results["decoding"] != "threshold")
    assert (results["dataset"], results["method"], results["seed"]) == ("train", "cross_fitted", 0)
    assert results["rows"] == 150
    assert results["train_seconds"] > 0
    assert "files.train" in results["command"]
    assert "tensorflow" in results["versions"]
    made_by = json.loads((workdir / "provenance.json").read_text())
    assert "cross_fitting/refined.py" in made_by["code"]
    assert "scikit-learn" in made_by["versions"]
    assert list(models(workdir)) == ["cross_fitted.joblib"]
    printed = (files / "printed.txt").read_text().splitlines()
    for name, score in results["test"]["decodings"].items():
        *_, line = (line for line in printed if line.startswith(f"decoding {name}"))
        assert line.endswith(f"{score:.4f}")


def test_the_estimator_gives_the_same_results(workdir, estimator):
    results = json.loads((workdir / "results.json").read_text())
    score = estimator.score(*rows(60, 1))
    assert results["test"]["example_f1"] == pytest.approx(score, abs=1e-9)
    losses, scores = (results["out_of_fold"][name] for name in ("losses", "decodings"))
    assert losses == pytest.approx(estimator.classifier_losses_, abs=1e-4)
    assert scores == pytest.approx(estimator.decoding_scores_)


def test_the_same_command_again_keeps_the_model(workdir, train_here, capsys):
    before = models(workdir)
    results = json.loads((workdir / "results.json").read_text())
    (workdir / "results.json").unlink()  # as if killed before it was written
    again = train_here(workdir)
    assert "cross_fitted is done" in capsys.readouterr().out
    assert models(workdir) == before
    for name in ("test", "out_of_fold", "train_seconds"):
        assert again[name] == results[name]


def test_an_interrupted_run_goes_on_with_what_is_there(tmp_path, train_here, monkeypatch):
    fitted, original = [], cross_fitted.out_of_fold

    def counted(classifier, *arguments):
        fitted.append(classifier.hidden_units)
        return original(classifier, *arguments)

    monkeypatch.setattr(cross_fitted, "out_of_fold", counted)
    workdir = tmp_path / "run"
    for name, made in (("MLP 1", [8]), ("MLP 2", [8, 4])):
        with pytest.raises(Interrupted, match=f"after {name}; the same command resumes"):
            train_here(
                workdir, *TWO, interruption=Stop(3)
            )  # before all, before a classifier, after it
        assert fitted == made
    assert set(models(workdir)) == {"MLP 1.joblib", "MLP 2.joblib"}
    with pytest.raises(WorkdirError, match="the training has not ended yet"):
        trained.load(workdir)


def test_another_configuration_is_refused_and_restart_keeps_the_old(tmp_path, train_here):
    workdir = tmp_path / "run"
    with pytest.raises(Interrupted):
        train_here(workdir, interruption=Stop(1))
    with pytest.raises(WorkdirError, match=r"a different configuration .*folds = 2.*--restart"):
        train_here(workdir, "cross_fit.folds = 2")
    with pytest.raises(Interrupted):
        train_here(workdir, "cross_fit.folds = 2", restart=True, interruption=Stop(1))
    assert "folds = 5" in (tmp_path / "run.1" / "config.gin").read_text()
    assert "folds = 2" in (workdir / "config.gin").read_text()


@pytest.mark.parametrize(
    ("param", "message"),
    [
        ("cross_fit.folds = 1", "folds is 1, expected a whole number of at least 2"),
        ("cross_fit.seed = -1", "cross_fit.seed is -1"),
        ("cross_fit.decoding = 'best'", "decoding 'best' is unknown; expected one of auto"),
        ("cross_fit.estimator = 'trees'", "estimator 'trees' is unknown; expected one of auto"),
        ("cross_fit.task = @MultiLabel", "which does not predict label sets: write @MultiLabel()"),
        ("MultiLabel.oracle = @soft_pixel_accuracy", "cross_fit supports only F1"),
        ("train.epochs = 3", "nothing in this run uses it"),
    ],
)
def test_mistakes_are_named(tmp_path, train_here, param, message):
    with pytest.raises(ConfigError) as caught:
        train_here(tmp_path / "run", param)
    assert message in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_joint_training_needs_a_validation_split(params, tmp_path):
    bindings = (*params, "files.validation_fraction = 0.0")
    config.parse(["gin/own/multilabel_joint.gin"], bindings)
    with pytest.raises(ConfigError, match="no validation split"):
        trainer.train(tmp_path / "run")


def test_rows_may_lack_labels_where_it_is_said_so(train_here, tmp_path):
    x, y = rows(150, 0)
    cells = [[*("01"[value] for value in labels), *row] for row, labels in zip(x, y, strict=True)]
    for number in range(0, 150, 2):
        cells[number][number % 3] = "?"
    path = tmp_path / "gaps.csv"
    write_csv(path, [*LABELS, "a", "b", "c", "d"], cells)
    results = train_here(tmp_path / "run", f"files.train = '{path}'", "files.missing_labels = True")
    assert results["rows"] == 150
    assert 0.0 < results["test"]["example_f1"] < 1.0
    gin.clear_config()
    bindings = [f"files.train = '{path}'", f"files.labels = {list(LABELS)}"]
    bindings += ["files.missing_labels = True", "train.epochs = 3"]
    config.parse(["gin/own/multilabel_joint.gin"], bindings)
    joint = trainer.train(tmp_path / "joint")
    assert 0.0 < joint["test"]["refined"] < 1.0
    gin.clear_config()
    bindings += ["train.model = @DVN", "DVN.energy = @MLPEnergy()"]
    config.parse(["gin/own/multilabel_joint.gin"], bindings)
    with pytest.raises(ConfigError, match=r"gaps: some outputs are missing, but .* cannot ignore"):
        trainer.train(tmp_path / "dvn")
