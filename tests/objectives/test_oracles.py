import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import f1_score, jaccard_score

from alen_tf.errors import ConfigError
from alen_tf.objectives import metrics, oracles


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


def test_soft_pixel_accuracy_is_the_mass_that_is_right(random):
    y_true = np.eye(3, dtype=np.float32)[random.randint(0, 3, (2, 4, 4))]
    y = random.dirichlet(np.ones(3), size=(2, 4, 4)).astype(np.float32)
    found = oracles.soft_pixel_accuracy(tf.constant(y), tf.constant(y_true))
    np.testing.assert_allclose(found, np.sum(y * y_true, axis=-1), rtol=1e-5)
    mask = tf.constant(y[..., :1])
    found = oracles.soft_pixel_accuracy(mask, tf.zeros_like(mask))
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


def test_local_iou_is_averaged_over_classes(random):
    y = tf.constant(random.dirichlet(np.ones(3), size=(2, 5, 5)), tf.float32)
    y_true = tf.constant(np.eye(3)[random.randint(0, 3, (2, 5, 5))], tf.float32)
    found = oracles.local_iou(y, y_true)
    each = [oracles.local_iou(y[..., k : k + 1], y_true[..., k : k + 1]) for k in range(3)]
    assert found.shape == (2, 5, 5)
    np.testing.assert_allclose(found, np.mean(each, axis=0), rtol=1e-5)
    wide = oracles.local_iou(y, y_true, size=99)  # all windows hold the whole image
    np.testing.assert_allclose(wide, np.broadcast_to(wide[:, :1, :1], (2, 5, 5)), rtol=1e-5)
    np.testing.assert_allclose(wide[:, 0, 0], oracles.class_iou(y, y_true), rtol=1e-5)


@pytest.mark.parametrize("classes", [1, 3])
def test_soft_pixel_accuracy_of_crisp_outputs_is_pixel_accuracy(random, classes):
    y, y_true = random.randint(0, 2, (2, 4, 6, 5, 1)).astype(np.float32)
    if classes == 3:
        y, y_true = np.eye(3, dtype=np.float32)[random.randint(0, 3, (2, 4, 6, 5))]
    found = oracles.soft_pixel_accuracy(tf.constant(y), tf.constant(y_true))
    assert found.shape == (4, 6, 5)
    assert np.mean(found) == pytest.approx(metrics.pixel_accuracy(y, y_true))


@pytest.mark.parametrize("oracle", [oracles.soft_pixel_accuracy, oracles.local_iou])
def test_pixels_of_the_truth_have_value_1_and_wrong_ones_have_none(random, oracle):
    y_true = tf.constant(np.eye(3)[random.randint(0, 3, (2, 8, 8))], tf.float32)
    np.testing.assert_array_equal(oracle(y_true, y_true), np.ones((2, 8, 8)))
    ground = tf.one_hot(tf.zeros((2, 8, 8), tf.int32), 3)
    sky = tf.one_hot(tf.ones((2, 8, 8), tf.int32), 3)
    # But that local IoU is a mean over classes, and of the third one neither output has any.
    nothing = 0.0 if oracle is oracles.soft_pixel_accuracy else 1 / 3
    np.testing.assert_allclose(oracle(sky, ground), np.full((2, 8, 8), nothing), rtol=1e-6)


def test_oracles_have_names():
    names = ["f1", "iou", "class_iou", "soft_pixel_accuracy", "local_iou"]
    assert list(oracles.ORACLES) == list(oracles.NAMES) == names
    for name in names:
        assert oracles.get(name) is getattr(oracles, name)
        assert oracles.name_of(name) == oracles.name_of(oracles.get(name)) == name
    assert oracles.get(oracles.f1_cost) is oracles.f1_cost
    with pytest.raises(
        ConfigError, match="oracle 'agreement' is unknown; expected one of class_iou, f1"
    ):
        oracles.get("agreement")
