import time

import numpy as np
import pytest
import tensorflow as tf

from alen_tf.errors import ConfigError
from alen_tf.inference import ascent as module
from alen_tf.inference.ascent import UNROLLED, GradientAscent, iterate_at_random
from alen_tf.inference.mirror import MirrorAscent
from alen_tf.inference.spaces import Box
from alen_tf.networks.mlp import MLPEnergy

# Rests on the boundary in some variables, is inside in others, and would leave the box upwards.
START = np.array([[0.0, 0.9, 0.5, 1.0], [0.2, 0.4, 1.0, 0.0], [0.6, 0.6, 0.6, 0.6]])
CURVATURE = np.array([[1.0, 2.0, 0.5, 3.0], [1.0, 1.0, 4.0, 0.2], [0.1, 0.2, 0.3, 0.4]])
PEAK = np.array([[-0.5, 1.5, 0.2, 2.0], [0.5, 0.5, 0.5, -1.0], [2.0, 0.0, 0.6, 0.3]])


def quadratic(y):
    """Concave, with some maxima outside of the box."""
    return -0.5 * tf.reduce_sum(tf.cast(CURVATURE, y.dtype) * (y - PEAK) ** 2, axis=1)


def by_hand(gradient, y, steps, step_size, norm, active_set, decay=1.0):
    """Eq. 4 and Eq. 12, one example and one variable at a time."""
    path = [np.array(y, np.float64)]
    for t in range(steps):
        slopes = gradient(path[-1])
        following = np.empty_like(path[-1])
        for i, (row, slope) in enumerate(zip(path[-1], slopes, strict=True)):
            slope = slope.copy()
            if active_set:
                for k in range(len(row)):
                    if (row[k] <= 0 and slope[k] < 0) or (row[k] >= 1 and slope[k] > 0):
                        slope[k] = 0.0
            length = np.sqrt(np.sum(slope**2))
            scale = decay**t * (1.0 / length if norm and length > 0 else 1.0)
            for k in range(len(row)):
                following[i, k] = min(max(row[k] + step_size * scale * slope[k], 0.0), 1.0)
        path.append(following)
    return path


MODES = pytest.mark.parametrize(
    ("norm", "active_set"), [(None, False), ("l2", False), (None, True), ("l2", True)]
)


@MODES
def test_quadratic(norm, active_set):
    ascent = GradientAscent(steps=6, step_size=0.15, norm=norm, active_set=active_set)
    found = ascent(quadratic, tf.constant(START, tf.float32), Box())
    expected = by_hand(lambda y: -CURVATURE * (y - PEAK), START, 6, 0.15, norm, active_set)
    assert len(found) == 7
    np.testing.assert_allclose(np.stack(found), expected, atol=2e-6)
    assert np.ptp(expected, axis=0).max() > 0.3  # the path goes somewhere


@MODES
@pytest.mark.parametrize("unrolled", [True, False])
def test_steps_that_decay(monkeypatch, norm, active_set, unrolled):
    monkeypatch.setattr(module, "UNROLLED", 6 if unrolled else 0)
    ascent = GradientAscent(6, 0.15, norm, active_set, decay=0.7)
    found = ascent(quadratic, tf.constant(START, tf.float32), Box())
    expected = by_hand(lambda y: -CURVATURE * (y - PEAK), START, 6, 0.15, norm, active_set, 0.7)
    assert len(found) == (7 if unrolled else 2)
    np.testing.assert_allclose(found[-1], expected[-1], atol=2e-6)
    constant = GradientAscent(6, 0.15, norm, active_set)(quadratic, found[0], Box())
    assert np.abs(constant[-1] - found[-1]).max() > 0.02


def test_modes_differ():
    # Otherwise the comparisons above could not tell one equation from the other.
    ends = [
        by_hand(lambda y: -CURVATURE * (y - PEAK), START, 6, 0.15, norm, active_set)[-1]
        for norm, active_set in [(None, False), ("l2", False), ("l2", True)]
    ]
    for i in range(3):
        for j in range(i):
            assert np.abs(ends[i] - ends[j]).max() > 0.01


@MODES
def test_energy_network_with_numeric_gradients(random, numeric_gradient, norm, active_set):
    energy = MLPEnergy(hidden_units=5, global_units=3)
    x = random.randn(3, 6).astype(np.float32)
    energy([x, tf.constant(START, tf.float32)])
    z = energy.encode(x)
    w1 = np.float64(energy.global_features.kernel)
    w2 = np.float64(energy.global_score.kernel)[:, 0]

    def value(y):
        score = np.sum(y * np.float64(z), axis=1) + np.log1p(np.exp(y @ w1)) @ w2
        return 1.0 / (1.0 + np.exp(-score))

    def gradient(y):
        return numeric_gradient(lambda y: np.sum(value(y)), y)

    ascent = GradientAscent(steps=4, step_size=0.3, norm=norm, active_set=active_set)
    found = ascent(lambda y: tf.sigmoid(energy.score(z, y)), tf.constant(START, tf.float32), Box())
    expected = by_hand(gradient, START, 4, 0.3, norm, active_set)
    np.testing.assert_allclose(np.stack(found), expected, atol=1e-5)
    assert np.all(value(expected[-1]) > value(START))


@pytest.mark.parametrize("active_set", [False, True])
def test_zero_gradient_stays_put(active_set):
    y = tf.constant(START, tf.float32)
    ascent = GradientAscent(steps=3, step_size=0.5, active_set=active_set)
    path = ascent(lambda y: tf.reduce_sum(0.0 * y, axis=1), y, Box())
    np.testing.assert_array_equal(np.stack(path), np.broadcast_to(START, (4, 3, 4)).astype("f"))


def test_the_active_set_at_a_corner_that_is_the_maximum_stays_put():
    y = tf.constant([[1.0, 0.0, 1.0]])
    path = GradientAscent(steps=2, step_size=0.5, active_set=True)(
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
def test_examples_do_not_interact(norm, active_set):
    ascent = GradientAscent(steps=4, step_size=0.2, norm=norm, active_set=active_set)
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
def test_the_rms_of_a_step_is_the_step_size_at_any_size(random, classes):
    for size in ((2, 4), (5, 7)):
        slopes = random.randn(3, *size, classes).astype(np.float32)
        y = tf.fill(slopes.shape, 0.5)
        path = GradientAscent(steps=1, step_size=0.05, norm="rms")(
            lambda y, slopes=slopes: tf.reduce_sum(slopes * y, axis=[1, 2, 3]), y, Box()
        )
        squares = np.sum(np.square(path[1] - path[0]), axis=-1)  # at each pixel
        np.testing.assert_allclose(np.sqrt(squares.mean(axis=(1, 2))), 0.05, rtol=1e-5)


def test_a_random_iterate_is_one_of_the_path_for_each_example(random):
    path = [random.rand(600, 2).astype(np.float32) for _ in range(3)]
    found = iterate_at_random(path, tf.constant([3, 4])).numpy()
    taken = np.all(found == np.stack(path), axis=2)  # [steps, examples]
    np.testing.assert_array_equal(taken.sum(axis=0), 1)
    shares = taken.mean(axis=1)
    np.testing.assert_allclose(shares, 1 / 3, atol=0.08)  # four standard deviations
    # No step belongs to a place in the batch: the draws do not repeat along it.
    steps = taken.argmax(axis=0)
    assert all(np.mean(steps[period:] == steps[:-period]) < 0.5 for period in range(1, 10))


def test_a_random_iterate_follows_from_the_seed(random):
    path = [random.rand(50, 2).astype(np.float32) for _ in range(3)]
    first, same, other = (iterate_at_random(path, tf.constant([0, n])) for n in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert np.any(first != other)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"norm": "l1"}, "GradientAscent.norm is 'l1', expected one of 'l2', 'rms', None"),
        ({"norm": True}, "GradientAscent.norm is True"),
        ({"objective": "log"}, "objective is 'log', expected one of 'value', 'log_value'"),
        ({"objective": None}, "GradientAscent.objective is None"),
        ({"active_set": "yes"}, "active_set is 'yes', expected one of False, True"),
        ({"steps": -1}, "GradientAscent.steps is -1"),
        ({"step_size": -0.5}, "GradientAscent.step_size is -0.5"),
        ({"step_size": float("nan")}, "GradientAscent.step_size is nan"),
        ({"decay": 1.1}, "GradientAscent.decay is 1.1"),
        ({"decay": -0.1}, "GradientAscent.decay is -0.1"),
    ],
)
def test_settings_that_no_ascent_has(settings, message):
    with pytest.raises(ConfigError, match=message):
        GradientAscent(**settings)


LONG = 150


@pytest.mark.parametrize(
    "ascent",
    [
        GradientAscent(steps=LONG, step_size=0.004),
        GradientAscent(steps=LONG, step_size=0.004, norm=None, active_set=True),
        MirrorAscent(steps=LONG, step_size=0.02),
    ],
    ids=["l2", "plain", "mirror"],
)
def test_a_long_path_ends_where_the_unrolled_one_does_and_keeps_its_ends(ascent, monkeypatch):
    assert UNROLLED < LONG
    y = tf.constant(START, tf.float32)
    first, last = ascent(quadratic, y, Box())
    half = ascent(quadratic, y, Box(), steps=LONG // 2)
    monkeypatch.setattr(module, "UNROLLED", LONG)
    path = ascent(quadratic, y, Box())
    assert len(path) == LONG + 1
    np.testing.assert_array_equal(first, path[0])
    np.testing.assert_allclose(last, path[-1], atol=1e-5)
    np.testing.assert_array_equal(half[-1], path[LONG // 2])
    assert np.abs(last - half[-1]).max() > 0.05  # it was still on its way


def test_a_long_path_is_two_short_ones():
    y = tf.constant(START, tf.float32)
    ascent = GradientAscent(steps=LONG, step_size=0.004)
    half = ascent(quadratic, y, Box(), steps=LONG // 2)
    twice = ascent(quadratic, half[-1], Box(), steps=LONG // 2)
    np.testing.assert_allclose(ascent(quadratic, y, Box())[-1], twice[-1], atol=1e-5)


def test_the_longest_unrolled_path_is_kept():
    y = tf.constant(START, tf.float32)
    ascent = GradientAscent(steps=3, step_size=0.01)
    assert len(ascent(quadratic, y, Box(), steps=UNROLLED)) == UNROLLED + 1
    assert len(ascent(quadratic, y, Box(), steps=UNROLLED + 1)) == 2


def test_the_graph_does_not_grow_with_the_number_of_steps():
    def graph(steps):
        ascent = GradientAscent(steps=steps, step_size=0.01)
        traced = tf.function(lambda y: ascent(quadratic, y, Box()), autograph=False)
        return traced.get_concrete_function(tf.TensorSpec([None, 4])).graph.as_graph_def()

    start = time.monotonic()
    longest = graph(100_000)
    assert time.monotonic() - start < 30  # a fraction of a second, and hours if it were unrolled
    assert size(longest) == size(graph(UNROLLED + 1)) < size(graph(20))


def size(graph):
    """The number of operations of a graph, its functions included."""
    return len(graph.node) + sum(len(each.node_def) for each in graph.library.function)


def test_gradients_flow_through_a_loop_as_through_an_unrolled_path(monkeypatch):
    weight = tf.Variable(0.3)

    def slope():
        @tf.function(autograph=False)
        def traced():
            with tf.GradientTape() as tape:
                ascent = MirrorAscent(steps=5, step_size=0.1)
                path = ascent(lambda y: weight * quadratic(y), tf.fill((3, 4), 0.5), Box())
                end = tf.reduce_sum(path[-1])
            return len(path), tape.gradient(end, weight)

        return traced()

    length, unrolled = slope()
    assert length == 6
    monkeypatch.setattr(module, "UNROLLED", 4)
    length, found = slope()
    assert length == 2
    assert found != 0
    np.testing.assert_allclose(found, unrolled, rtol=1e-5)
