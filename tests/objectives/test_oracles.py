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
