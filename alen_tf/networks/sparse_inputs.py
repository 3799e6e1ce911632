"""The first layers of a network on sparse rows, without making these dense."""

import tensorflow as tf


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
