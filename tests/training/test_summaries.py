import gin
import matplotlib.pyplot as plt
import pytest
import tensorflow as tf

from alen_tf.training import config, summaries, trainer  # noqa: F401 - registers `train`
from alen_tf.training.workdir import Workdir
from tests import events


def recorded(folder):
    """{(folder, tag, step): value} of scalars."""
    return {
        (where, value.tag, step): float(tf.make_ndarray(value.tensor))
        for where, step, value in events.values(folder)
        if value.metadata.plugin_data.plugin_name == "scalars"
    }


def test_every_inference_step_is_in_one_chart_once(tmp_path):
    written = summaries.Summaries(Workdir(tmp_path), "")
    written.score_by_step("f1", [0.25, 0.5, 0.75], step=3)
    position = written.position()
    written.score_by_step("f1", [0.5, 0.5, 1.0], step=6)
    written.close()
    found = recorded(tmp_path)
    expected = {"step_0": 0.25, "step_1": 0.5, "refined": 0.75}
    assert {where: found[where, "f1", 3] for where in expected} == expected
    assert len(found) == 6

    resumed = summaries.Summaries(Workdir(tmp_path), "", position)  # cuts what came later
    resumed.score_by_step("f1", [0.0, 0.0, 0.5], step=6)
    resumed.close()
    assert not resumed.problems
    found = recorded(tmp_path)
    assert [found[where, "f1", 6] for where in ("step_0", "step_1", "refined")] == [0.0, 0.0, 0.5]
    assert found["step_0", "f1", 3] == 0.25
    assert len(found) == 6


@pytest.mark.parametrize(
    ("last", "expected"),
    [(0, []), (6, range(6)), (7, [0, 1, 2, 4]), (16, [0, 1, 2, 4, 8]), (99, [0, 1, 2, 4, 8, 16])],
)
def test_of_many_inference_steps_a_few_have_curves(last, expected):
    assert summaries.shown_steps(last) == list(expected)


def test_pictures_are_files_where_they_are_asked_for(tmp_path):
    written, before = summaries.Summaries(Workdir(tmp_path), ""), plt.get_fignums()
    written.pictures({"validation/a": plt.figure()}, step=1)
    written.pictures({"b": plt.figure()}, step=2, files=True)
    written.close()
    assert [path.name for path in tmp_path.rglob("*.png")] == ["b.png"]
    shown = {(value.tag, step) for _, step, value in events.values(tmp_path)}
    assert {("validation/a", 1), ("b", 2)} <= shown
    assert plt.get_fignums() == before


def test_hyper_parameters_are_the_values_of_bindings():
    labels = tuple(f"a label with a long name, {number}" for number in range(5))
    config.parse(["gin/own/multilabel_joint.gin"], [f"files.labels = {labels}"])
    found = summaries.hyper_parameters(gin.config_str())
    assert found["train.epochs"] == 60.0
    assert found["MLPEnergy.l2"] == 0.1
    assert found["energy/adam.cosine"] is True
    assert found["train.task"] == "@MultiLabel()"
    for number in range(5):
        assert f"a label with a long name, {number}" in found["files.labels"]
