import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import f1_score, jaccard_score

from alen_tf.objectives import oracles


def binary_pair(random, rows=40, labels=9):
    """Label sets of every density, the first rows empty on one side or on both."""
    y = (random.rand(rows, labels) < random.rand(rows, 1)).astype(np.float32)
    y_true = (random.rand(rows, labels) < random.rand(rows, 1)).astype(np.float32)
    y[0] = y_true[0] = 0  # both empty
    y[1], y_true[1] = 0, 1
    y[2], y_true[2] = 1, 0
    y[3] = y_true[3] = 1
    return y, y_true


def soft_counts(y, y_true):
    """Eq. 9 and 10 as loops over one example."""
    both = either = 0.0
    for a, b in zip(y.ravel().tolist(), y_true.ravel().tolist(), strict=True):
        both += a if a < b else b
        either += a if a > b else b
    return both, either


def test_f1_of_label_sets_is_scikit_learns(random):
    y, y_true = binary_pair(random)
    found = oracles.f1(tf.constant(y), tf.constant(y_true)).numpy()
    for row in range(len(y)):
        expected = f1_score(y_true[row], y[row], zero_division=1.0)
        assert found[row] == pytest.approx(expected, abs=1e-6)


def test_iou_of_label_sets_is_scikit_learns(random):
    y, y_true = binary_pair(random)
    found = oracles.iou(tf.constant(y), tf.constant(y_true)).numpy()
    for row in range(len(y)):
        expected = jaccard_score(y_true[row], y[row], zero_division=1.0)
        assert found[row] == pytest.approx(expected, abs=1e-6)
    samples = jaccard_score(y_true, y, average="samples", zero_division=1.0)
    assert found.mean() == pytest.approx(samples, abs=1e-6)


@pytest.mark.parametrize("shape", [(12, 7), (5, 3, 4)])
def test_relaxed_outputs_use_min_and_max(random, shape):
    y = random.rand(*shape).astype(np.float32)
    y_true = (random.rand(*shape) < 0.4).astype(np.float32)
    counts = [soft_counts(*pair) for pair in zip(y, y_true, strict=True)]
    both, either = np.transpose(counts)
    y, y_true = tf.constant(y), tf.constant(y_true)
    np.testing.assert_allclose(oracles.intersection(y, y_true), both, rtol=1e-5)
    np.testing.assert_allclose(oracles.union(y, y_true), either, rtol=1e-5)
    np.testing.assert_allclose(oracles.f1(y, y_true), 2 * both / (both + either), rtol=1e-5)
    np.testing.assert_allclose(oracles.iou(y, y_true), both / either, rtol=1e-5)


@pytest.mark.parametrize("oracle", [oracles.f1, oracles.iou])
def test_empty_sets(oracle):
    empty, half, full = tf.zeros((1, 3)), tf.fill((1, 3), 0.5), tf.ones((1, 3))
    assert oracle(empty, empty).numpy() == [1.0]
    assert oracle(half, empty).numpy() == [0.0]
    assert oracle(empty, full).numpy() == [0.0]
    tiny = tf.fill((1, 3), 1e-30)  # almost empty is not empty
    assert oracle(tiny, empty).numpy() == [0.0]


@pytest.mark.parametrize("oracle", [oracles.f1, oracles.iou])
def test_gradient_at_empty_sets_is_finite(oracle):
    # `where` hides a division by zero from the value; its gradient must not see it either.
    y = tf.Variable(tf.zeros((2, 3)))
    with tf.GradientTape() as tape:
        value = oracle(y, tf.constant([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]))
    assert np.all(np.isfinite(tape.gradient(value, y)))


def test_iou_of_classes_is_averaged(random):
    y = random.dirichlet(np.ones(3), size=(4, 5, 6)).astype(np.float32)
    y_true = np.eye(3, dtype=np.float32)[random.randint(0, 3, (4, 5, 6))]
    y_true[0], y[0] = [1, 0, 0], [1, 0, 0]  # classes that neither has
    found = oracles.class_iou(tf.constant(y), tf.constant(y_true)).numpy()
    for image, truth, value in zip(y, y_true, found, strict=True):
        counts = [soft_counts(image[..., k], truth[..., k]) for k in range(3)]
        ious = [both / either if either else 1.0 for both, either in counts]
        assert value == pytest.approx(np.mean(ious), rel=1e-5)
    assert found[0] == 1.0


def test_agreement_is_the_mass_that_is_right(random):
    y_true = np.eye(3, dtype=np.float32)[random.randint(0, 3, (2, 4, 4))]
    y = random.dirichlet(np.ones(3), size=(2, 4, 4)).astype(np.float32)
    found = oracles.agreement(tf.constant(y), tf.constant(y_true))
    np.testing.assert_allclose(found, np.sum(y * y_true, axis=-1), rtol=1e-5)
    mask = tf.constant(y[..., :1])
    found = oracles.agreement(mask, tf.zeros_like(mask))
    np.testing.assert_allclose(found, 1 - y[..., 0], rtol=1e-5)


def test_local_iou_is_that_of_windows(random):
    y = random.rand(2, 7, 6, 1).astype(np.float32)
    y_true = (random.rand(2, 7, 6, 1) < 0.4).astype(np.float32)
    y_true[0, :4], y[0, :4] = 0, 0
    found = oracles.local_iou(tf.constant(y), tf.constant(y_true), size=3).numpy()
    for i, row, column in np.ndindex(2, 7, 6):
        window = np.s_[i, max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
        both, either = soft_counts(y[window], y_true[window])
        assert found[i, row, column] == pytest.approx(both / either if either else 1.0, rel=1e-4)
    assert found[0, 0, 0] == 1.0
