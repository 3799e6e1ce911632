import itertools

import numpy as np
import pytest
import tensorflow as tf
from scipy import optimize, special

from alen_tf.inference.spaces import Box, Simplex


@pytest.fixture
def box():
    return Box()


@pytest.mark.parametrize(("variables", "spacing"), [(2, 0.01), (3, 0.05)])
def test_projection_is_the_nearest_point(box, random, variables, spacing):
    axis = np.arange(0.0, 1.0 + spacing / 2, spacing)
    grid = np.array(list(itertools.product(axis, repeat=variables)))
    points = random.uniform(-1.0, 2.0, (50, variables)).astype(np.float32)
    found = box.project(tf.constant(points)).numpy()
    assert np.all((found >= 0) & (found <= 1))
    for point, projected in zip(points, found, strict=True):
        nearest = grid[np.argmin(np.sum((grid - point) ** 2, axis=1))]
        np.testing.assert_allclose(projected, nearest, atol=spacing / 2 + 1e-6)


def test_projection_leaves_the_space_alone(box, random):
    y = random.rand(6, 4, 3).astype(np.float32)
    np.testing.assert_array_equal(box.project(tf.constant(y)), y)


def test_tangent_is_the_derivative_of_the_projected_step(box, random):
    # Powers of two keep float32 exact: the difference quotient needs no tolerance.
    step = 2.0**-10
    y = random.choice([0.0, 0.25, 0.5, 1.0], (40, 6)).astype(np.float32)
    direction = random.choice([-2.0, -0.5, 0.0, 0.25, 1.0], (40, 6)).astype(np.float32)
    moved = box.project(tf.constant(y + step * direction)).numpy()
    found = box.tangent(tf.constant(y), tf.constant(direction)).numpy()
    np.testing.assert_array_equal(found, (moved - y) / step)
    assert np.any(found != direction)


def test_relax_is_the_logistic_function(box):
    logits = tf.constant([[-100.0, -1.0, 0.0, np.log(3.0), 100.0]])
    expected = [[0.0, 1 / (1 + np.e), 0.5, 0.75, 1.0]]
    np.testing.assert_allclose(box.relax(logits), expected, atol=1e-6)


def test_start_knows_nothing(box):
    y = tf.fill((2, 3), 0.7)
    np.testing.assert_array_equal(box.start(y), np.zeros((2, 3)))


def test_decode(box):
    y = tf.constant([[0.0, 0.29, 0.31, 0.5, 1.0]])
    np.testing.assert_array_equal(box.decode(y), [[0, 0, 0, 1, 1]])
    np.testing.assert_array_equal(box.decode(y, threshold=0.3), [[0, 0, 1, 1, 1]])
    np.testing.assert_array_equal(box.decode(y, threshold=0.9), [[0, 0, 0, 0, 1]])


@pytest.mark.parametrize("kind", [np.array, tf.constant], ids=["array", "tensor"])
def test_which_outputs_may_be_true(box, kind):
    y = kind([[0.0, 1.0, 0.25, -0.5, 1.5, np.nan]])
    np.testing.assert_array_equal(box.holds(y), [[True, True, False, False, False, False]])
    shares = Simplex().holds(y)  # of pixels that stand for several
    np.testing.assert_array_equal(shares, [[True, True, True, False, False, False]])


def test_variables_whose_truth_is_missing_do_not_count(box, random):
    logits = tf.constant(random.randn(4, 3), tf.float32)
    y = tf.constant([[1.0, 0.0, np.nan]] * 4)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        found = box.cross_entropy(logits, y)
    expected = box.cross_entropy(logits[:, :2], y[:, :2])
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    gradient = tape.gradient(found, logits).numpy()
    np.testing.assert_array_equal(gradient[:, 2], 0.0)
    assert np.all(gradient[:, :2] != 0.0)


@pytest.mark.parametrize("shape", [(5, 7), (4, 3, 2)])
def test_cross_entropy_sums_over_variables(box, random, shape):
    logits = random.randn(*shape).astype(np.float32)
    y_true = (random.rand(*shape) < 0.5).astype(np.float32)
    y = 1.0 / (1.0 + np.exp(-logits.astype(np.float64)))
    losses = -np.where(y_true == 1, np.log(y), np.log(1 - y))
    expected = losses.reshape(shape[0], -1).sum(axis=1)
    found = box.cross_entropy(tf.constant(logits), tf.constant(y_true))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


class TestSimplex:
    """Against a solver of quadratic programs."""

    @staticmethod
    def nearest(point, bounds, total):
        found = optimize.minimize(
            lambda q: np.sum((q - point) ** 2),
            np.full(len(point), total / len(point)),
            jac=lambda q: 2 * (q - point),
            bounds=bounds,
            constraints=[{"type": "eq", "fun": lambda q: q.sum() - total}],
            tol=1e-14,
        )
        return found.x

    @pytest.mark.parametrize("classes", [2, 3, 5])
    def test_projection_is_the_nearest_distribution(self, random, classes):
        points = random.normal(0, 2, (20, 3, classes)).astype(np.float32)
        found = Simplex().project(tf.constant(points)).numpy()
        for place in np.ndindex(20, 3):
            expected = self.nearest(points[place], [(0, None)] * classes, 1.0)
            np.testing.assert_allclose(found[place], expected, atol=2e-5)

    def test_projection_leaves_the_space_alone(self, random):
        y = random.dirichlet(np.ones(4), size=(6, 2)).astype(np.float32)
        np.testing.assert_allclose(Simplex().project(tf.constant(y)), y, atol=1e-6)

    @pytest.mark.parametrize("classes", [2, 3, 5])
    def test_tangent_is_the_nearest_direction_that_stays_inside(self, random, classes):
        y = Simplex().project(tf.constant(random.randn(40, classes).astype(np.float32))).numpy()
        assert np.any(y == 0)
        direction = random.randn(40, classes).astype(np.float32)
        found = Simplex().tangent(tf.constant(y), tf.constant(direction)).numpy()
        for place, wanted, allowed in zip(y, direction, found, strict=True):
            bounds = [(0, None) if share == 0 else (None, None) for share in place]
            np.testing.assert_allclose(allowed, self.nearest(wanted, bounds, 0.0), atol=2e-5)

    def test_decode_takes_the_largest_share_whatever_the_threshold(self):
        y = tf.constant([[[0.2, 0.5, 0.3], [0.4, 0.3, 0.3]]])
        expected = [[[0, 1, 0], [1, 0, 0]]]
        for threshold in (0.1, 0.5, 0.9):
            np.testing.assert_array_equal(Simplex().decode(y, threshold), expected)

    def test_logits_are_undone_by_relax(self, random):
        y = random.dirichlet(np.ones(3), size=7).astype(np.float32)
        np.testing.assert_allclose(Simplex().relax(Simplex().logits(y)), y, atol=1e-5)
        corner = Simplex().relax(Simplex().logits(tf.constant([[1.0, 0.0, 0.0]])))
        np.testing.assert_allclose(corner, [[1, 0, 0]], atol=1e-5)

    def test_start_is_uniform(self):
        np.testing.assert_allclose(Simplex().start(tf.zeros((2, 5, 4))), 0.25)

    def test_cross_entropy_sums_over_places(self, random):
        logits = random.randn(2, 3, 4).astype(np.float32)
        y_true = random.dirichlet(np.ones(4), size=(2, 3)).astype(np.float32)
        log_y = logits - special.logsumexp(logits, axis=-1, keepdims=True)
        expected = -np.sum(y_true * log_y, axis=(1, 2))
        found = Simplex().cross_entropy(tf.constant(logits), tf.constant(y_true))
        np.testing.assert_allclose(found, expected, rtol=1e-5)

    def test_places_of_unknown_truth_do_not_count(self, random):
        logits = tf.constant(random.randn(2, 3, 4).astype(np.float32))
        y_true = random.dirichlet(np.ones(4), size=(2, 3)).astype(np.float32)
        y_true[:, 1:] = np.nan
        with tf.GradientTape() as tape:
            tape.watch(logits)
            found = Simplex().cross_entropy(logits, tf.constant(y_true))
        expected = Simplex().cross_entropy(logits[:, :1], tf.constant(y_true[:, :1]))
        np.testing.assert_allclose(found, expected, rtol=1e-6)
        slopes = tape.gradient(found, logits).numpy()
        np.testing.assert_array_equal(slopes[:, 1:], 0)
        assert np.isfinite(slopes).all()
        assert (slopes[:, 0] != 0).all()
