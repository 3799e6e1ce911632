import numpy as np
import pytest
import tensorflow as tf

from alen_tf.inference.ascent import GradientAscent, along
from alen_tf.inference.spaces import Box
from alen_tf.networks.mlp import MLPEnergy

# Rests on the boundary in some variables, is inside in others, and would leave the box upwards.
START = np.array([[0.0, 0.9, 0.5, 1.0], [0.2, 0.4, 1.0, 0.0], [0.6, 0.6, 0.6, 0.6]])
CURVATURE = np.array([[1.0, 2.0, 0.5, 3.0], [1.0, 1.0, 4.0, 0.2], [0.1, 0.2, 0.3, 0.4]])
PEAK = np.array([[-0.5, 1.5, 0.2, 2.0], [0.5, 0.5, 0.5, -1.0], [2.0, 0.0, 0.6, 0.3]])


def quadratic(y):
    """Concave, with some maxima outside of the box."""
    return -0.5 * tf.reduce_sum(tf.cast(CURVATURE, y.dtype) * (y - PEAK) ** 2, axis=1)


def by_hand(gradient, y, steps, step_size, normalize, free):
    """Eq. 4 and Eq. 12, one example and one variable at a time."""
    path = [np.array(y, np.float64)]
    for _ in range(steps):
        slopes = gradient(path[-1])
        following = np.empty_like(path[-1])
        for i, (row, slope) in enumerate(zip(path[-1], slopes, strict=True)):
            slope = slope.copy()
            if free:
                for k in range(len(row)):
                    if (row[k] <= 0 and slope[k] < 0) or (row[k] >= 1 and slope[k] > 0):
                        slope[k] = 0.0
            norm = np.sqrt(np.sum(slope**2))
            scale = 1.0 / norm if normalize and norm > 0 else 1.0
            for k in range(len(row)):
                following[i, k] = min(max(row[k] + step_size * scale * slope[k], 0.0), 1.0)
        path.append(following)
    return path


MODES = pytest.mark.parametrize(
    ("normalize", "free"), [(False, False), (True, False), (False, True), (True, True)]
)


@MODES
def test_quadratic(normalize, free):
    ascent = GradientAscent(steps=6, step_size=0.15, normalize=normalize, free=free)
    found = ascent(quadratic, tf.constant(START, tf.float32), Box())
    expected = by_hand(lambda y: -CURVATURE * (y - PEAK), START, 6, 0.15, normalize, free)
    assert len(found) == 7
    np.testing.assert_allclose(np.stack(found), expected, atol=2e-6)
    assert np.ptp(expected, axis=0).max() > 0.3  # the path goes somewhere


def test_modes_differ():
    # Otherwise the comparisons above could not tell one equation from the other.
    ends = [
        by_hand(lambda y: -CURVATURE * (y - PEAK), START, 6, 0.15, normalize, free)[-1]
        for normalize, free in [(False, False), (True, False), (True, True)]
    ]
    for i in range(3):
        for j in range(i):
            assert np.abs(ends[i] - ends[j]).max() > 0.01


@MODES
def test_energy_network_with_numeric_gradients(random, numeric_gradient, normalize, free):
    energy = MLPEnergy(outputs=4, hidden_units=5, global_units=3)
    x = random.randn(3, 6).astype(np.float32)
    energy((x, tf.constant(START, tf.float32)))
    z = energy.encode(x)
    w1 = np.float64(energy.global_features.kernel)
    w2 = np.float64(energy.global_score.kernel)[:, 0]

    def value(y):
        score = np.sum(y * np.float64(z), axis=1) + np.log1p(np.exp(y @ w1)) @ w2
        return 1.0 / (1.0 + np.exp(-score))

    def gradient(y):
        return numeric_gradient(lambda y: np.sum(value(y)), y)

    ascent = GradientAscent(steps=4, step_size=0.3, normalize=normalize, free=free)
    found = ascent(lambda y: tf.sigmoid(energy.score(z, y)), tf.constant(START, tf.float32), Box())
    expected = by_hand(gradient, START, 4, 0.3, normalize, free)
    np.testing.assert_allclose(np.stack(found), expected, atol=1e-5)
    assert np.all(value(expected[-1]) > value(START))


@pytest.mark.parametrize("free", [False, True])
def test_zero_gradient_stays_put(free):
    y = tf.constant(START, tf.float32)
    ascent = GradientAscent(steps=3, step_size=0.5, free=free)
    path = ascent(lambda y: tf.reduce_sum(0.0 * y, axis=1), y, Box())
    np.testing.assert_array_equal(np.stack(path), np.broadcast_to(START, (4, 3, 4)).astype("f"))


def test_free_at_a_corner_that_is_the_maximum_stays_put():
    y = tf.constant([[1.0, 0.0, 1.0]])
    path = GradientAscent(steps=2, step_size=0.5, free=True)(
        lambda y: y[:, 0] - y[:, 1] + y[:, 2], y, Box()
    )
    np.testing.assert_array_equal(path[-1], y)


def test_a_small_gradient_is_normalised_too():
    # The paper's reason for Eq. 12: close to an optimum the plain gradient vanishes.
    y = tf.constant([[0.5, 0.5]])
    path = GradientAscent(steps=1, step_size=0.1)(
        lambda y: 1e-8 * (3.0 * y[:, 0] + 4.0 * y[:, 1]), y, Box()
    )
    np.testing.assert_allclose(path[-1], [[0.56, 0.58]], atol=1e-6)


def test_path_length():
    y = tf.constant(START, tf.float32)
    ascent = GradientAscent(steps=2, step_size=0.1)
    assert len(ascent(quadratic, y, Box())) == 3
    assert len(ascent(quadratic, y, Box(), steps=5)) == 6
    path = ascent(quadratic, y, Box(), steps=0)
    assert len(path) == 1
    np.testing.assert_array_equal(path[0], y)


def test_a_normalised_step_has_the_length_of_the_step_size():
    y = tf.fill((3, 4), 0.5)  # far enough inside for nothing to be clipped
    path = GradientAscent(steps=1, step_size=0.05)(quadratic, y, Box())
    np.testing.assert_allclose(np.linalg.norm(path[1] - path[0], axis=1), 0.05, rtol=1e-5)


@MODES
def test_examples_do_not_interact(normalize, free):
    ascent = GradientAscent(steps=4, step_size=0.2, normalize=normalize, free=free)
    together = ascent(quadratic, tf.constant(START, tf.float32), Box())
    other = START.copy()
    other[1:] = 0.123
    apart = ascent(quadratic, tf.constant(other, tf.float32), Box())
    np.testing.assert_array_equal(np.stack(together)[:, 0], np.stack(apart)[:, 0])
    assert np.any(np.stack(together)[:, 1] != np.stack(apart)[:, 1])


def test_norm_is_per_example_over_all_variables_of_an_image(random):
    slopes = random.randn(3, 2, 4, 5).astype(np.float32)
    y = tf.fill(slopes.shape, 0.5)
    path = GradientAscent(steps=1, step_size=0.25)(
        lambda y: tf.reduce_sum(slopes * y, axis=[1, 2, 3]), y, Box()
    )
    norms = np.sqrt((slopes**2).reshape(3, -1).sum(axis=1)).reshape(3, 1, 1, 1)
    np.testing.assert_allclose(path[1], 0.5 + 0.25 * slopes / norms, atol=1e-6)


@pytest.mark.parametrize("classes", [1, 3])
def test_a_step_per_place_has_one_root_mean_square_at_any_size(random, classes):
    for size in ((2, 4), (5, 7)):
        slopes = random.randn(3, *size, classes).astype(np.float32)
        y = tf.fill(slopes.shape, 0.5)
        path = GradientAscent(steps=1, step_size=0.05, per_place=True)(
            lambda y, slopes=slopes: tf.reduce_sum(slopes * y, axis=[1, 2, 3]), y, Box()
        )
        squares = np.sum(np.square(path[1] - path[0]), axis=-1)  # at each place
        np.testing.assert_allclose(np.sqrt(squares.mean(axis=(1, 2))), 0.05, rtol=1e-5)


@pytest.mark.parametrize("offset", [0, 1, 4])
def test_outputs_from_anywhere_on_a_path(random, offset):
    path = [random.rand(5, 2).astype(np.float32) for _ in range(3)]
    expected = [path[(offset + example) % 3][example] for example in range(5)]
    np.testing.assert_array_equal(along(path, tf.constant(offset, tf.int64)), expected)
