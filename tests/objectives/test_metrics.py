import numpy as np
import pytest
from sklearn.metrics import f1_score, jaccard_score

from alen_tf.objectives import metrics


@pytest.mark.parametrize("kind", [bool, np.uint8, np.float32])
def test_example_f1_is_scikit_learns(random, kind):
    y = random.rand(60, 8) < random.rand(60, 1)
    y_true = random.rand(60, 8) < random.rand(60, 1)
    y[:4] = False
    y_true[2:6] = False  # rows 2 and 3 are empty on both sides
    expected = f1_score(y_true, y, average="samples", zero_division=1.0)
    found = metrics.example_f1(y.astype(kind), y_true.astype(kind))
    assert isinstance(found, float)
    assert found == pytest.approx(expected, abs=1e-12)


def test_example_f1_by_hand():
    y_true = [[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]
    y = [[1, 0, 1, 0], [0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]]
    assert metrics.example_f1(y, y_true) == (0.5 + 1.0 + 0.0 + 1.0) / 4


def masks(random, classes):
    y, y_true = (random.rand(2, 9, 6, 5, classes) < random.rand(9, 1, 1, classes)) * 1
    y[0] = y_true[0] = 0
    return y, y_true


def test_missing_outputs_do_not_count():
    y = np.array([[1, 1, 0], [1, 0, 1], [1, 1, 1]])
    y_true = np.array([[np.nan, 1, 0], [1, 1, np.nan], [np.nan, np.nan, np.nan]])
    np.testing.assert_allclose(metrics.f1_of_examples(y, y_true), [1.0, 2 / 3, 1.0])


@pytest.mark.parametrize("classes", [1, 3])
def test_iou_is_scikit_learns(random, classes):
    y, y_true = masks(random, classes)
    each = [
        jaccard_score(y_true[i, ..., k].ravel(), y[i, ..., k].ravel(), zero_division=1.0)
        for i, k in np.ndindex(9, classes)
    ]
    assert metrics.mean_iou(y, y_true) == pytest.approx(np.mean(each))
    together = [jaccard_score(y_true[..., k].ravel(), y[..., k].ravel()) for k in range(classes)]
    assert metrics.global_iou(y, y_true) == pytest.approx(np.mean(together))


def test_iou_of_nothing_and_nothing():
    empty = np.zeros((2, 3, 3, 1))
    assert metrics.mean_iou(empty, empty) == metrics.global_iou(empty, empty) == 1.0


def test_pixel_accuracy_asks_for_all_classes_of_a_pixel():
    y_true = np.eye(3)[np.array([[[0, 1], [2, 2]]])]
    y = np.eye(3)[np.array([[[0, 1], [2, 0]]])]
    assert metrics.pixel_accuracy(y, y_true) == 0.75


def test_superpixels_vote(random):
    superpixels = random.randint(0, 12, (20, 20)) * 3  # numbers with gaps
    classes, true_classes = random.randint(0, 3, (2, 20, 20))
    hits = metrics.superpixel_hits(classes, true_classes, superpixels)
    expected = []
    for number in np.unique(superpixels):
        inside = superpixels == number
        winners = [
            max(range(3), key=lambda k: np.sum(labels[inside] == k))  # the first on a tie
            for labels in (classes, true_classes)
        ]
        expected.append(winners[0] == winners[1])
    np.testing.assert_array_equal(hits, expected)
    assert 0 < np.mean(hits) < 1
    assert metrics.superpixel_hits(classes, classes, superpixels).all()
