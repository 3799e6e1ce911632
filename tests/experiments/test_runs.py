"""Records of training runs, looked up by the commands that made them."""

import json

import gin
import pytest
from absl.testing import flagsaver

import alen_tf.training.trainer  # noqa: F401, registers what the gin files name
from alen_tf.training import config
from experiments import figure3, runs


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes the records of commands."""
    monkeypatch.setattr(runs, "RESULTS", tmp_path)

    def write(*commands):
        lines = [json.dumps({"command": command}) + "\n" for command in commands]
        (tmp_path / "a.jsonl").write_text("".join(lines))

    return write


def test_only_what_is_missing_is_measured(write, monkeypatch):
    made = []
    monkeypatch.setattr(runs, "commit", lambda: f"after {len(made)}")
    write("old")
    measure = lambda: made.append(1) or {"f1": 0.5}  # noqa: E731
    with flagsaver.as_parsed(run="true"):
        assert runs.measured("a", "old", measure) == {"command": "old"}
        found = runs.measured("a", "new", measure)
    assert found == {"command": "new", "commit": "after 0", "f1": 0.5}  # the code that ran
    with flagsaver.as_parsed(run="false"):
        assert runs.measured("a", "new", measure) == found
        assert runs.measured("a", "newer", measure) is None
    assert made == [1]


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("training/GradientAscent.normalize = True", 'training/GradientAscent.norm = "l2"'),
        ("ImageViews.size = 24", "TestTimeAugmentation.size = 24"),
        ("lfw_parts.finer = True", "lfw_parts.high_res = True"),
        ("train.choose_from = 0.8", "train.select_after = 0.8"),
        ("train.epochs = 3", "train.epochs = 3"),
    ],
)
def test_a_run_is_found_by_the_name_that_its_binding_has_now(write, before, now):
    old, new = (runs.Run("gin/digits/alen.gin", 1, (param,)) for param in (before, now))
    write(old.command)
    (found,) = runs.recorded("a")
    assert found == new.command


def test_both_step_rules_of_figure_3_are_recorded(monkeypatch):
    def not_recorded(run, options):
        pytest.fail(f"not recorded: {run.command} {options}")

    monkeypatch.setattr(figure3, "_evaluate", not_recorded)
    monkeypatch.setattr(runs, "record", not_recorded)
    curves = [figure3.mean(figure3.curves(*trained)) for trained in figure3.CURVES.values()]
    assert [len(curve) for curve in curves] == [figure3.STEPS + 1] * len(figure3.CURVES)


def test_the_bindings_of_figure_3_are_known_to_gin():
    config.parse(["gin/bibtex/dvn.gin"], figure3.NORMALIZED)
    assert gin.query_parameter("prediction/GradientAscent.norm") == "l2"
    config.parse(["gin/bibtex/alen.gin"], figure3.SHRINKING)
    assert gin.query_parameter("prediction/GradientAscent.decay") == 0.85
