"""Where ascents of training start."""

import numpy as np
import pytest
import tensorflow as tf

from alen_tf.inference.spaces import Box, Simplex
from alen_tf.models.starts import varied

BATCH, LABELS = 6, 4
Y = np.full((BATCH, LABELS), 0.7, np.float32)
Y_TRUE = (np.random.RandomState(0).rand(BATCH, LABELS) < 0.5).astype(np.float32)


def starts(y=Y, y_true=Y_TRUE, space=None, iteration=0, mixed=0.0, crisp=False):
    y, y_true = tf.constant(y), tf.constant(y_true)
    return varied(y, y_true, space or Box(), tf.constant(iteration, tf.int64), mixed, crisp).numpy()


def test_as_they_are_by_default():
    np.testing.assert_array_equal(starts(), Y)


def test_mixed_share_is_on_the_way_to_the_truth_of_another_example():
    found = starts(mixed=4 / BATCH)
    np.testing.assert_array_equal(found, starts(mixed=4 / BATCH))  # draws follow from the step,
    np.testing.assert_array_equal(found[4:], Y[4:])
    places = (found[:4] - Y[:4]) / (np.roll(Y_TRUE, 1, axis=0)[:4] - Y[:4])
    np.testing.assert_allclose(places, np.repeat(places[:, :1], LABELS, 1), atol=1e-5)
    assert len(set(places[:, 0].round(4))) == 4  # one place per example
    assert np.all((places > 0) & (places < 1))
    assert np.all(starts(mixed=4 / BATCH, iteration=1)[:4] != found[:4])  # and are others in each


def test_every_other_start_is_crisp():
    y = np.tile(np.linspace(0, 1, 101, dtype=np.float32), (BATCH, 1))
    y_true, thresholds = np.zeros_like(y), []
    for iteration in range(2):
        found = starts(y, y_true, iteration=iteration, crisp=True)
        np.testing.assert_array_equal(found[::2], y[::2])
        for start in found[1::2]:
            assert set(start) == {0.0, 1.0}
            assert np.all(np.diff(start) >= 0)  # what is above the threshold is in
            thresholds.append(start.argmax())
    assert len(set(thresholds)) == 6  # each has its own


def test_from_the_uninformed_output_crisp_is_the_other_truth():
    found = starts(0 * Y, mixed=1.0, crisp=True)
    np.testing.assert_array_equal(found[1::2], Y_TRUE[::2])
    assert not np.any(found[::2] == 1)


@pytest.mark.parametrize("space", [Box(), Simplex()])
def test_starts_are_points_of_the_space(space):
    random = np.random.RandomState(4)
    y = random.dirichlet(np.ones(3), size=(BATCH, 5, 5)).astype(np.float32)
    y_true = np.eye(3, dtype=np.float32)[random.randint(3, size=(BATCH, 5, 5))]
    found = starts(y, y_true, space, mixed=0.5, crisp=True)
    np.testing.assert_allclose(space.project(tf.constant(found)), found, atol=1e-6)
    assert np.all(np.any(found != y, axis=(1, 2, 3))[[0, 1, 2, 3, 5]])
