"""Standardisation as part of the model, so that users of the model need no preprocessing."""

import keras
import numpy as np
from keras import ops

from alen_tf.configured import register


@register
class Standardization(keras.layers.Layer):
    """(x - mean) / deviation, per feature of the last axis, with the statistics of the training
    split."""

    def build(self, input_shape):
        shape = (input_shape[-1],)
        self.mean = self.add_weight(shape=shape, initializer="zeros", trainable=False, name="mean")
        self.deviation = self.add_weight(
            shape=shape, initializer="ones", trainable=False, name="deviation"
        )

    def adapt(self, x):
        """Takes mean and deviation from `x`, [examples, ..., features]; a feature that is constant
        up to single-precision rounding is only centred."""
        if not self.built:
            self.build(x.shape)
        axes = tuple(range(x.ndim - 1))
        deviation = np.std(x, axis=axes, dtype=np.float64)
        self.mean.assign(np.mean(x, axis=axes, dtype=np.float64))
        varies = deviation > 1e-7 * np.max(np.abs(x), axis=axes)
        self.deviation.assign(np.where(varies, deviation, 1.0))

    def call(self, x):
        # One division per feature; for every number a product, which is cheaper.
        return (ops.cast(x, self.compute_dtype) - self.mean) * ops.reciprocal(self.deviation)
