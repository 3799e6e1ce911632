import types

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from alen_tf.datasets.splits import Examples, Splits
from alen_tf.evaluation import calibration
from alen_tf.evaluation.trained_model import Prediction
from alen_tf.inference.test_time_augmentation import Views
from alen_tf.objectives import oracles
from alen_tf.objectives.metrics import f1_of_examples
from alen_tf.tasks.multilabel import MultiLabel
from alen_tf.tasks.segmentation import ClassSegmentation, Segmentation


@pytest.fixture
def judged(random):
    """Confidence and scores that rise together."""
    confidence = random.rand(325)
    return confidence, np.clip(confidence + 0.3 * random.randn(325), 0, 1)


def test_report(judged):
    confidence, score = judged
    found = calibration.report(confidence, score)
    expected = stats.pearsonr(stats.rankdata(confidence), stats.rankdata(score))[0]
    assert found["rank_correlation"] == pytest.approx(expected)
    assert [part["examples"] for part in found["bins"]] == [33] * 5 + [32] * 5
    ranks = np.argsort(confidence)
    assert found["bins"][0]["score"] == pytest.approx(score[ranks[:33]].mean())
    assert found["bins"][-1]["confidence"] == pytest.approx(confidence[ranks[-32:]].mean())
    assert found["kept"]["100"] == pytest.approx(score.mean())
    assert found["kept"]["10"] == pytest.approx(score[ranks[-32:]].mean())
    assert found["kept"]["10"] > found["kept"]["100"]


@pytest.mark.parametrize(("examples", "bins"), [(29, 0), (30, 1), (59, 1), (60, 2), (299, 9)])
def test_bins_and_shares_hold_thirty_examples(examples, bins):
    score = np.linspace(0, 1, examples)
    found = calibration.report(score, score)
    assert len(found["bins"]) == bins
    assert all(part["examples"] >= 30 for part in found["bins"])
    assert found["rank_correlation"] == (pytest.approx(1.0) if bins else None)
    shares = [share for share in (90, 75, 50, 25, 10) if round(examples * share / 100) >= 30]
    assert list(found["kept"]) == ["100", *map(str, shares)]


def test_equal_examples_have_no_rank():
    assert calibration.report(np.full(40, 0.5), np.ones(40))["rank_correlation"] == 0.0


def test_few_examples_are_said_to_be_few():
    found = {"expected": "F1", **calibration.report(np.full(20, 0.5), np.full(20, 0.25))}
    results = {"metric": "example_f1", "validation": {"confidence": found}}
    assert calibration.table(results).splitlines() == [
        "confidence on validation: fewer than 30 examples are too few to judge it",
        "mean F1: 0.2500",
    ]
    assert calibration.figure(results) is None


@pytest.fixture
def splits(random):
    def examples(rows):
        return Examples(random.rand(rows, 3), (random.rand(rows, 4) < 0.4).astype(np.uint8))

    return Splits("random", examples(3), examples(320), examples(330))


class Stub:
    """A `TrainedModel` that is as sure as the first feature is large, or of nothing."""

    model = types.SimpleNamespace(views=Views())

    def __init__(self, sure=True):
        self.sure = sure

    def interpret(self, x, relaxed):
        confidence = x[:, 0] if self.sure else x[:, 0] * np.nan
        return Prediction(tf.cast(relaxed > 0.5, tf.uint8), relaxed, confidence)


def test_score_is_the_f1_of_each_example(splits, random):
    paths = {"validation": random.rand(3, 320, 4), "test": random.rand(3, 330, 4)}
    results = {"metric": "example_f1", "validation": {}, "test": {}}
    calibration.judge(MultiLabel(dataset=None), Stub(), splits, paths, results)
    for split, examples in (("validation", splits.validation), ("test", splits.test)):
        y = paths[split][-1] > 0.5
        expected = calibration.report(examples.x[:, 0], f1_of_examples(y, examples.y))
        assert results[split]["confidence"]["kept"] == pytest.approx(expected["kept"])
        assert results[split]["confidence"]["expected"] == "F1"
    assert len(calibration.table(results).splitlines()) == 2 * (2 + 10 + 1)
    _, validation, _ = calibration.figure(results).axes[0].lines
    expected = [part["score"] for part in results["validation"]["confidence"]["bins"]]
    np.testing.assert_allclose(validation.get_ydata(), expected)


def test_methods_without_confidence(splits):
    paths, results = {"validation": np.zeros((1, 320, 4))}, {"metric": "f1", "validation": {}}
    calibration.judge(MultiLabel(dataset=None), Stub(sure=False), splits, paths, results)
    assert results["validation"] == {}
    assert calibration.table(results) == ""
    assert calibration.figure(results) is None


def test_the_expected_value_is_called_by_its_name():
    # A value per pixel is no intersection over union, by which the task is judged.
    task = Segmentation(dataset=None, oracle=oracles.soft_pixel_accuracy)
    assert task.expected == "soft pixel accuracy"
    found = calibration.report(np.repeat([0.5, 0.7], 20), np.repeat([0.6, 0.9], 20))
    results = {"metric": task.metric, "test": {"confidence": {"expected": task.expected, **found}}}
    text = calibration.table(results)
    assert "expected soft pixel accuracy" in text
    assert "mean soft pixel accuracy of the most confident 100%: 0.7500" in text
    assert "iou" not in text
    labels = [each.get_ylabel() for each in calibration.figure(results).axes]
    assert labels == ["true soft pixel accuracy", "mean soft pixel accuracy"]
    del results["test"]["confidence"]["expected"]  # as in older records
    assert "mean mean_iou of the most" in calibration.table(results)


def test_every_oracle_has_a_name():
    functions = oracles.ORACLES.values()
    assert oracles.f1 in functions
    assert [function.__name__ for function in functions] == list(oracles.NAMES)
    assert MultiLabel(dataset=None, oracle=oracles.f1_cost).expected == "f1 cost"


def test_places_that_do_not_count_are_no_part_of_the_score(random):
    y = np.eye(3, dtype=np.uint8)[random.randint(0, 3, (20, 4, 6))]
    relaxed = random.dirichlet(np.ones(3), (20, 4, 6)).astype(np.float32)
    counted = np.ones((20, 4, 6), bool)
    counted[:, :, 3:] = False
    examples = Examples(random.rand(20, 3), y, counted=counted)
    results = {"metric": "mean_iou", "validation": {}}
    task = ClassSegmentation(dataset=None, oracle=oracles.soft_pixel_accuracy)
    splits, paths = Splits("random", examples, examples, examples), {"validation": relaxed[None]}
    calibration.judge(task, Stub(), splits, paths, results)
    right = ((relaxed > 0.5) == y).all(-1)[:, :, :3].mean((1, 2))
    expected = calibration.report(examples.x[:, 0], right)
    assert results["validation"]["confidence"]["kept"] == pytest.approx(expected["kept"])
