"""Group normalisation against Keras's own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from alen_tf.networks.normalization import GroupNormalization
from alen_tf.networks.precision import made_in

RNG = np.random.default_rng(0)


def value_and_gradients(layer, x):
    """The layer's output, and the gradients of a function of it that weighs every number."""
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
        weights = tf.cos(tf.reshape(tf.range(tf.size(y), dtype=tf.float32), y.shape))
        total = tf.reduce_sum(weights * tf.cast(y, tf.float32))
    return [y, *tape.gradient(total, [x, *layer.trainable_variables])]


@pytest.mark.parametrize("mean", [2.0, 300.0])
@pytest.mark.parametrize(
    ("groups", "shape"), [(8, (3, 6, 5, 16)), (1, (2, 1, 3, 4)), (4, (2, 3, 3, 4))]
)
def test_as_keras(groups, shape, mean):
    x = RNG.normal(mean, 3.0, shape).astype(np.float32)
    ours, keras_layer = GroupNormalization(groups), keras.layers.GroupNormalization(groups)
    for layer in (ours, keras_layer):
        layer.build(shape)
        layer.gamma.assign(np.linspace(0.5, 2.0, shape[-1]))
        layer.beta.assign(np.linspace(-1.0, 1.0, shape[-1]))
    for found, expected in zip(
        value_and_gradients(ours, x), value_and_gradients(keras_layer, x), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=2e-4, atol=5e-4)


def test_constant_features_are_no_division_by_zero():
    # Of most of these, the mean of squares less the square of the mean is below -epsilon.
    constants = (1e3 + 0.1 * np.arange(64)).astype(np.float32)
    x = np.tile(constants[:, None, None, None], (1, 6, 6, 4))
    for part in value_and_gradients(GroupNormalization(2), x):
        assert np.all(np.isfinite(part))


def test_bfloat16_is_normalised_in_float32():
    x = tf.cast(RNG.normal(3.0, 1.0, (2, 8, 8, 8)), tf.bfloat16)
    with made_in("mixed_bfloat16"):
        y = GroupNormalization(4)(x)
    assert y.dtype == tf.bfloat16
    expected = keras.layers.GroupNormalization(4)(tf.cast(x, tf.float32))
    np.testing.assert_allclose(tf.cast(y, tf.float32), expected, atol=0.01)
