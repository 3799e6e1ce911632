import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import f1_score

from alen_tf.datasets.splits import Examples, Splits
from alen_tf.evaluation import scores as evaluation
from alen_tf.inference import batching
from alen_tf.inference.test_time_augmentation import Views
from alen_tf.tasks.multilabel import MultiLabel
from alen_tf.training import config, trainer


class Halving:
    """A learner whose path halves its input at every step."""

    views = Views()

    def predict(self, x, steps=None):
        return [x / 2.0**step for step in range((3 if steps is None else steps) + 1)]


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
def test_predictor_puts_batches_together(monkeypatch, random, examples):
    monkeypatch.setattr(batching, "BATCH", 5)
    x = random.rand(examples, 4).astype(np.float32)
    found = evaluation.Predictor(Halving())(x)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, [x, x / 2, x / 4, x / 8])
    np.testing.assert_array_equal(evaluation.Predictor(Halving(), steps=0)(x), [x])


def test_scores_of_both_splits(splits):
    task = MultiLabel(dataset=None)
    paths = evaluation.predict_splits(evaluation.Predictor(Halving()), splits)
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
    paths = evaluation.predict_splits(evaluation.Predictor(Halving()), splits, test=False)
    assert list(paths) == ["validation"]
    task = MultiLabel(dataset=None)
    assert list(evaluation.evaluate_splits(task, splits, paths)) == ["metric", "validation"]


def test_a_run_predicts_the_validation_split_no_more_often_than_it_is_evaluated(
    monkeypatch, tmp_path
):
    predicted, predict = [], evaluation.Predictor.__call__

    def counted(self, x):
        predicted.append(len(x))
        return predict(self, x)

    monkeypatch.setattr(evaluation.Predictor, "__call__", counted)
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
    paths = evaluation.predict_splits(evaluation.Predictor(Halving()), splits)
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
