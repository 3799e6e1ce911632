"""The first layers of a network on sparse rows, without making these dense."""

import keras
import tensorflow as tf


class Dropout(keras.layers.Dropout):
    """Keras's dropout, of sparse rows too: zeros stay zeros, whether they are dropped or not."""

    def call(self, inputs, training=False):
        if isinstance(inputs, tf.SparseTensor):
            return inputs.with_values(super().call(inputs.values, training))
        return super().call(inputs, training)


def through(layers, x, training=False):
    """The output of a `keras.Sequential` for inputs `x`, a tensor or a `tf.SparseTensor`.

    `keras.layers.Dense` multiplies sparse rows by sums of rows of its kernel, but
    `keras.Sequential` would make them dense first.
    """
    if not isinstance(x, tf.SparseTensor):
        return layers(x, training=training)
    for layer in layers.layers:
        x = layer(x, training=training)
    return x
