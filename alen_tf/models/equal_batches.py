"""Arrays in batches of one size."""

import numpy as np
import tensorflow as tf


def equal_batches(arrays, size):
    """Batches of the rows of arrays, in a new order each time they are iterated over.

    All have one size, which TensorFlow then knows: a step without unknown shapes takes an eighth
    less time, and XLA compiles it once. The last batch is filled up with rows drawn once more.

    Args:
      arrays: a structure of arrays of as many rows, [rows, ...].
      size: of a batch; fewer rows are one batch.

    Returns:
      A `tf.data.Dataset` of the structure, with as many rows as `size`.
    """
    with tf.device("CPU"):
        tensors = tf.nest.map_structure(_tensor, arrays)
    rows = len(tf.nest.flatten(tensors)[0])
    size = min(size, rows)
    order = tf.data.Dataset.range(rows).shuffle(rows)  # anew each time, also where it repeats
    batches = order.repeat(2).take(-(-rows // size) * size).batch(size, drop_remainder=True)

    def gather(indices):
        return tf.nest.map_structure(lambda tensor: tf.gather(tensor, indices), tensors)

    return batches.map(gather).prefetch(tf.data.AUTOTUNE)


def are_arrays(structure):
    """Whether all parts of a structure are NumPy arrays or tensors."""
    return all(isinstance(each, np.ndarray | tf.Tensor) for each in tf.nest.flatten(structure))


def _tensor(array):
    """An array as a tensor; floating-point numbers in single precision, as Keras gives them."""
    floating = tf.as_dtype(array.dtype).is_floating
    return tf.cast(array, tf.float32) if floating else tf.constant(array)
