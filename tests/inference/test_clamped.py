import numpy as np
import pytest
import tensorflow as tf

from alen_tf.inference.ascent import GradientAscent
from alen_tf.inference.clamped import Clamped
from alen_tf.inference.mirror import MirrorAscent
from alen_tf.inference.spaces import Box

KNOWN = np.float32([[np.nan, 1.0, np.nan, 0.0], [np.nan, np.nan, np.nan, np.nan]])
UNKNOWN = np.isnan(KNOWN)


@pytest.fixture
def space():
    return Clamped(Box(), tf.constant(KNOWN))


def assert_known(y):
    np.testing.assert_array_equal(np.array(y)[~UNKNOWN], KNOWN[~UNKNOWN])


def test_everything_it_gives_has_the_known_values(space, random):
    y = tf.constant(random.uniform(-1, 2, KNOWN.shape), tf.float32)
    box = Box()
    for name in ("relax", "project", "start"):
        found = getattr(space, name)(y).numpy()
        assert_known(found)
        np.testing.assert_array_equal(found[UNKNOWN], getattr(box, name)(y).numpy()[UNKNOWN])
    np.testing.assert_array_equal(space.decode(y)[0], [y[0, 0] >= 0.5, True, y[0, 2] >= 0.5, False])
    assert_known(np.round(space.relax(space.logits(y))))
    assert np.all(space.tangent(y, tf.ones_like(y)).numpy()[~UNKNOWN] == 0)


def value(y):
    """Variables attract one another: what is known matters to the rest."""
    pull = np.float32([[0.0, 2.0, -1.0, 0.5]] * 4)
    return tf.reduce_sum(y * (tf.constant([0.3, -0.2, 0.1, 0.4]) + y @ pull), axis=1)


@pytest.mark.parametrize("norm", [None, "l2"])
@pytest.mark.parametrize("active_set", [False, True])
def test_ascent_is_that_on_the_unknown_variables_alone(space, norm, active_set):
    ascent = GradientAscent(steps=3, step_size=0.1, norm=norm, active_set=active_set)
    found = np.stack(ascent(value, space.start(tf.zeros(KNOWN.shape)), space))[:, 0]

    def of_unknown(u):  # the first example with its two unknown variables as the only ones
        ones = tf.ones_like(u[:, 0])
        return value(tf.stack([u[:, 0], ones, u[:, 1], 0 * ones], axis=1))

    expected = np.stack(ascent(of_unknown, tf.zeros((1, 2)), Box()))[:, 0]
    np.testing.assert_allclose(found[:, [0, 2]], expected, atol=1e-6)
    np.testing.assert_array_equal(found[:, [1, 3]], [[1.0, 0.0]] * 4)


def test_nothing_known_changes_nothing(space):
    ascent = GradientAscent(steps=3, step_size=0.1)
    start = tf.zeros(KNOWN.shape)
    found, expected = ascent(value, start, space)[-1], ascent(value, start, Box())[-1]
    np.testing.assert_allclose(found[1], expected[1], atol=1e-7)
    assert np.any(found[0] != expected[0])


def test_mirror_ascent_keeps_the_known(space):
    for y in MirrorAscent(steps=3, step_size=0.5)(value, tf.zeros(KNOWN.shape), space):
        assert_known(y)


@pytest.mark.parametrize(
    "ascent", [GradientAscent(steps=9, step_size=0.1), MirrorAscent(steps=9, step_size=0.5)]
)
def test_a_tensor_of_steps_gives_the_ends_of_the_path(space, ascent):
    start = space.start(tf.zeros(KNOWN.shape))
    loop = tf.function(lambda steps: ascent(value, start, space, steps))
    for steps in (0, 1, 4):
        path = ascent(value, start, space, steps)
        first, last = loop(tf.constant(steps))
        np.testing.assert_allclose(first, path[0], atol=1e-6)
        np.testing.assert_allclose(last, path[-1], atol=1e-6)
    assert loop.experimental_get_tracing_count() == 1
