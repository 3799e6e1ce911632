import numpy as np
import pytest
from sklearn.metrics import f1_score

from alen_tf.datasets.splits import Examples, Splits
from alen_tf.inference.spaces import Box
from alen_tf.objectives import oracles
from alen_tf.tasks import task as contract
from alen_tf.tasks.multilabel import MultiLabel


@pytest.fixture
def task():
    return MultiLabel(dataset=None)


def test_scores_decode_at_the_threshold(task, random):
    y, y_true = random.rand(30, 6), random.rand(30, 6) < 0.3
    y[0, 0] = 0.5  # at the threshold is above it
    for threshold in (0.5, 0.2):
        expected = f1_score(y_true, y >= threshold, average="samples", zero_division=1.0)
        assert task.scores(y, y_true, threshold) == {"example_f1": pytest.approx(expected)}
    assert task.scores(y, y_true) == task.scores(y, y_true, 0.5)
    assert task.scores(y, y_true) != task.scores(y, y_true, 0.2)


@pytest.mark.parametrize("power", [0.3, 1.0, 4.0])
def test_best_threshold_is_the_best(task, random, power):
    y_true = random.rand(80, 6) < 0.3
    y = np.clip(0.6 * y_true + 0.5 * random.rand(80, 6), 0, 1) ** power
    scores = {
        threshold: f1_score(y_true, y >= threshold, average="samples", zero_division=1.0)
        for threshold in contract.THRESHOLDS
    }
    best = max(scores.values())
    candidates = [t for t, score in scores.items() if score == pytest.approx(best, abs=1e-12)]
    assert task.best_threshold(y, y_true) == min(candidates, key=lambda t: abs(t - 0.5))


def test_ties_go_towards_a_half(task):
    y_true = np.array([[1, 0]])
    assert task.best_threshold(np.array([[1.0, 0.0]]), y_true) == 0.5  # all are perfect
    assert task.best_threshold(np.array([[0.3, 0.0]]), y_true) == 0.3
    assert task.best_threshold(np.array([[1.0, 0.68]]), y_true) == 0.7


def test_thresholds_are_distinct_and_inside():
    assert len(set(contract.THRESHOLDS)) == len(contract.THRESHOLDS)
    assert all(0 < threshold < 1 for threshold in contract.THRESHOLDS)
    assert {0.01, 0.04, 0.05, 0.5, 0.95} <= set(contract.THRESHOLDS)


def test_load_hands_both_directories_on():
    examples = Examples(np.zeros((1, 2)), np.zeros((1, 2)))
    asked = {}

    def dataset(**kwargs):
        asked.update(kwargs)
        return Splits("none", examples, examples, examples)

    task = MultiLabel(dataset)
    assert task.load("manual", "data").name == "none"
    assert asked == {"manual_dir": "manual", "data_dir": "data"}


def test_defaults_are_the_papers(task):
    assert isinstance(task.space, Box)
    assert task.oracle is oracles.f1
    assert task.metric == "example_f1"
    assert task.test_time_augmentation is None
    assert task.pictures(None, None, None) == {}
