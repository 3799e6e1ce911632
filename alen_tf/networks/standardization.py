"""Standardisation as part of the model, so that users of the model need no preprocessing."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from scipy import sparse

from alen_tf.configured import register


@register
class Standardization(keras.layers.Layer):
    """(x - mean) / deviation, per feature of the last axis, with the statistics of the training
    split.

    Sparse rows are not centred, which would fill them: x / deviation. Counts are left as they are.
    """

    def build(self, input_shape):
        shape = (input_shape[-1],)
        self.mean = self.add_weight(shape=shape, initializer="zeros", trainable=False, name="mean")
        self.deviation = self.add_weight(
            shape=shape, initializer="ones", trainable=False, name="deviation"
        )

    def adapt(self, x):
        """Takes mean and deviation from `x`, [examples, ..., features], an array or a SciPy matrix;
        a feature that is constant up to single-precision rounding is only centred."""
        if not self.built:
            self.build(x.shape)
        if sparse.issparse(x):
            counts = is_counts(x)
            self.mean.assign(np.zeros(x.shape[1]))
            self.deviation.assign(np.ones(x.shape[1]) if counts else _deviation(x))
            return
        axes = tuple(range(x.ndim - 1))
        deviation = np.std(x, axis=axes, dtype=np.float64)
        self.mean.assign(np.mean(x, axis=axes, dtype=np.float64))
        varies = deviation > 1e-7 * np.max(np.abs(x), axis=axes)
        self.deviation.assign(np.where(varies, deviation, 1.0))

    @property
    def keeps_zeros(self):
        """Whether zeros stay zeros, so that sparse rows stay sparse."""
        with tf.init_scope():  # also while a graph is made
            return not self.built or not np.any(self.mean.numpy())

    def call(self, x):
        if isinstance(x, tf.SparseTensor) and not self.keeps_zeros:
            x = tf.sparse.to_dense(x)
        if isinstance(x, tf.SparseTensor):
            scale = tf.gather(ops.reciprocal(self.deviation), x.indices[:, 1])
            return x.with_values(tf.cast(x.values, self.compute_dtype) * scale)
        # One division per feature; for every number a product, which is cheaper.
        return (ops.cast(x, self.compute_dtype) - self.mean) * ops.reciprocal(self.deviation)


def is_counts(x):
    """Whether inputs are mostly zeros and never negative, such as word counts. Standardising these
    would make rare words huge.

    Args:
      x: [rows, features], dense or scipy-sparse.
    """
    nonzero = x.count_nonzero() if sparse.issparse(x) else np.count_nonzero(x)
    return bool(nonzero < 0.5 * np.prod(x.shape) and x.min() >= 0)


def _deviation(x):
    """The standard deviation of each feature of a SciPy matrix, or 1 where it does not vary."""
    x = x.astype(np.float64)
    mean = np.asarray(x.mean(axis=0)).ravel()
    squares = np.asarray(x.multiply(x).mean(axis=0)).ravel()
    deviation = np.sqrt(np.maximum(squares - np.square(mean), 0.0))
    varies = deviation > 1e-7 * np.asarray(abs(x).max(axis=0).todense()).ravel()
    return np.where(varies, deviation, 1.0)
