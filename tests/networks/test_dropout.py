"""Dropout within XLA programs and without."""

import keras
import numpy as np
import tensorflow as tf

from alen_tf.networks.dropout import Dropout, drawn_by_xla

ONES = tf.ones((400, 50))


def dropped(layer, compiled, x=ONES):
    """What a training step makes of ones, in an XLA program or without."""

    def call():
        with drawn_by_xla(compiled):
            return layer(x, training=True)

    return tf.function(call, jit_compile=compiled)().numpy()


def test_without_xla_it_is_kerass():
    np.testing.assert_array_equal(
        dropped(Dropout(0.3, seed=1), False), dropped(keras.layers.Dropout(0.3, seed=1), False)
    )


def test_under_xla_draws_follow_from_the_seed_and_go_on():
    layer, same = Dropout(0.3, seed=1), Dropout(0.3, seed=1)
    first, second = dropped(layer, True), dropped(layer, True)
    np.testing.assert_array_equal(first, dropped(same, True))
    np.testing.assert_array_equal(second, dropped(same, True))
    assert np.any(first != second)
    assert np.any(first != dropped(Dropout(0.3, seed=2), True))


def test_under_xla_a_share_is_dropped_and_the_mean_is_kept():
    found = dropped(Dropout(0.3, seed=1), True)
    kept = np.float32(1.0) / np.float32(0.7)
    np.testing.assert_allclose(np.unique(found), [0.0, kept], rtol=1e-6)
    # Of 20,000 draws: within four standard deviations.
    assert abs(np.mean(found == 0.0) - 0.3) < 4 * np.sqrt(0.21 / found.size)


def test_whole_channels_are_dropped_under_xla():
    layer = Dropout(0.5, noise_shape=(20, 1, 10), seed=1)
    found = dropped(layer, True, tf.ones((20, 7, 10)))
    np.testing.assert_array_equal(found, np.broadcast_to(found[:, :1], found.shape))
    assert set(np.unique(found)) == {0.0, 2.0}


def test_inference_drops_nothing():
    with drawn_by_xla(True):
        np.testing.assert_array_equal(Dropout(0.3)(ONES), ONES)
