import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import f1_score

from alen_tf.datasets.splits import Examples, Splits
from alen_tf.evaluation import calibration
from alen_tf.evaluation import scores as evaluation
from alen_tf.inference import batching
from alen_tf.inference.ascent import UNROLLED, GradientAscent
from alen_tf.models.alen import ALEN
from alen_tf.models.structured_model import StructuredModel
from alen_tf.networks.mlp import MLP, MLPEnergy
from alen_tf.tasks.multilabel import MultiLabel
from alen_tf.training import config, trainer


class Halving(StructuredModel):
    """A model whose path halves its input at every step."""

    def infer(self, x, space, steps=None):
        return [x / 2.0**step for step in range((3 if steps is None else steps) + 1)]


def halving(variables=5):
    model = Halving()
    model.build((None, variables), (None, variables))
    return model


@pytest.fixture
def splits(random):
    def examples(rows):
        y = random.rand(rows, 5) < 0.4
        x = np.clip(0.5 * y + 0.8 * random.rand(rows, 5), 0, 1).astype(np.float32)
        return Examples(x, y.astype(np.uint8))

    return Splits("random", examples(3), examples(40), examples(30))


def f1(y, y_true, threshold=0.5):
    return f1_score(y_true, y >= threshold, average="samples", zero_division=1.0)


@pytest.mark.parametrize("examples", [0, 1, 5, 10, 11])
def test_refine_puts_batches_together(monkeypatch, random, examples):
    monkeypatch.setattr(batching, "BATCH", 5)
    x = random.rand(examples, 4).astype(np.float32)
    model = halving(4)
    found = model.refine(x)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, [x, x / 2, x / 4, x / 8])
    np.testing.assert_array_equal(model.refine(x, steps=0), [x])


def test_scores_of_both_splits(splits):
    task = MultiLabel(dataset=None)
    paths = evaluation.predict_splits(halving(), splits)
    found = evaluation.evaluate_splits(task, splits, paths)
    assert list(found) == ["metric", "validation", "test"]
    first = task.best_threshold(splits.validation.x, splits.validation.y)
    last = task.best_threshold(splits.validation.x / 8, splits.validation.y)
    assert first != last
    for name, examples in (("validation", splits.validation), ("test", splits.test)):
        path = [examples.x / 2.0**step for step in range(4)]
        curve = [f1(y, examples.y) for y in path]
        assert found[name] == {
            "inference_network": pytest.approx(curve[0]),
            "refined": pytest.approx(curve[-1]),
            "by_step": pytest.approx(curve),
            "tuned": {  # at the thresholds of validation on both splits
                "threshold": last,
                "inference_network_threshold": first,
                "inference_network": pytest.approx(f1(path[0], examples.y, first)),
                "refined": pytest.approx(f1(path[-1], examples.y, last)),
            },
        }


def test_the_test_split_is_left_alone(splits):
    paths = evaluation.predict_splits(halving(), splits, test=False)
    assert list(paths) == ["validation"]
    task = MultiLabel(dataset=None)
    assert list(evaluation.evaluate_splits(task, splits, paths)) == ["metric", "validation"]


def test_a_run_predicts_the_validation_split_no_more_often_than_it_is_evaluated(
    monkeypatch, tmp_path
):
    predicted, refine = [], StructuredModel.refine

    def counted(self, x, steps=None, known=None):
        predicted.append(len(x))
        return refine(self, x, steps, known)

    monkeypatch.setattr(StructuredModel, "refine", counted)
    config.parse(["gin/digits/alen.gin"], ["train.epochs = 2", "MLP.hidden_units = 8"])
    trainer.train(tmp_path / "run")
    validation, _, test = predicted
    assert predicted == [validation, validation, test]


def test_by_step_scores_every_step(splits):
    task, y = MultiLabel(dataset=None), splits.test.x
    curve = evaluation.by_step(task, tf.stack([y, 0 * y]).numpy(), splits.test.y)
    assert curve == pytest.approx([f1(y, splits.test.y), f1(0 * y, splits.test.y)])


def test_table_has_a_row_per_step_and_two_tuned_rows(splits):
    task = MultiLabel(dataset=None)
    paths = evaluation.predict_splits(halving(), splits)
    results = evaluation.evaluate_splits(task, splits, paths)
    lines = evaluation.table(results).splitlines()
    assert len(lines) == 1 + 4 + 2
    assert lines[0].split() == ["example_f1", "validation", "test"]
    assert lines[1].split()[-1] == f"{results['test']['inference_network']:.4f}"
    assert lines[4].startswith("after 3 steps")
    assert lines[4].split()[-2:] == [
        f"{results[split]['refined']:.4f}" for split in ("validation", "test")
    ]
    assert lines[-1].split()[-1] == f"{results['test']['tuned']['refined']:.4f}"


def test_a_known_path_of_validation_is_not_predicted_again(splits):
    known = halving().refine(splits.validation.x)
    paths = evaluation.predict_splits(halving(), splits, validation=known)
    assert paths["validation"] is known
    assert list(paths) == ["validation", "test"]
    assert paths["test"].shape == (4, 30, 5)
    paths = evaluation.predict_splits(halving(), splits, steps=1)
    assert [len(path) for path in paths.values()] == [2, 2]


LONG = UNROLLED + 50


@pytest.fixture
def alen():
    def make(steps):
        ascent = GradientAscent(steps=steps, step_size=0.01)
        model = ALEN(MLPEnergy(hidden_units=4), MLP(hidden_units=4), refinement=ascent, seed=0)
        model.build((None, 5), (None, 5))
        return model

    return make


@pytest.mark.parametrize("steps", [0, 1, 2, LONG])
def test_results_have_the_number_of_steps(alen, splits, steps):
    task = MultiLabel(dataset=None)
    rows = [
        "inference network" if step == 0 else f"after {step} step{'s' * (step > 1)}"
        for step in (range(steps + 1) if steps < LONG else (0, LONG))
    ]
    rows += ["inference network, tuned threshold", "refined, tuned threshold"]
    for model, asked in ((alen(steps), None), (alen(3), steps)):  # as configured, or as asked for
        paths = evaluation.predict_splits(model, splits, steps=asked)
        results, _ = calibration.evaluate_and_judge(task, splits, model, paths, asked)
        assert results["inference_steps"] == steps
        lines = evaluation.table(results).splitlines()
        assert [line[:36].rstrip() for line in lines] == ["example_f1", *rows]
        for split, column in (("validation", -2), ("test", -1)):
            end = f"{results[split]['refined']:.4f}"
            assert lines[len(rows) - 2].split()[column] == end


def test_table_of_a_long_path_has_a_row_for_each_end():
    split = {
        "by_step": [0.25, 0.5],
        "tuned": {"inference_network": 0.3, "refined": 0.6},
    }
    results = {"metric": "mean_iou", "validation": split, "inference_steps": 150}
    assert evaluation.table(results).splitlines() == [
        "mean_iou                              validation",
        "inference network                         0.2500",
        "after 150 steps                           0.5000",
        "inference network, tuned threshold        0.3000",
        "refined, tuned threshold                  0.6000",
    ]
    del results["inference_steps"]  # as in records of before there were long paths
    assert "after 1 step " in evaluation.table(results)
