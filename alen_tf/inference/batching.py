"""Runs any number of rows through a compiled function, one batch at a time."""

import numpy as np
import tensorflow as tf

from alen_tf import sparse_rows

BATCH = 512


class Compiled:
    """A function of batches, compiled once for every kind of input, for any number of rows.

    Concrete functions, unlike calls of a `tf.function`, never warn about many traces, which a
    process that fits many models makes.
    """

    def __init__(self, function, size=BATCH):
        """Stores the function, from a batch of each input to a tensor or a tuple of tensors, and
        the number of rows of a batch."""
        # Without names: a call of a concrete function would have to give every argument that has a
        # default.
        self._function = tf.function(lambda *batch: function(*batch), autograph=False)
        self._size = size
        self._made = {}

    def __call__(self, views, *arrays, axis=0):
        """The function's outputs for all rows, as arrays; arguments as those of `in_batches`."""
        specs = tf.nest.map_structure(sparse_rows.spec, arrays)
        kind = tuple(tf.nest.flatten(specs))
        if kind not in self._made:
            self._made[kind] = self._function.get_concrete_function(*specs)
        return in_batches(self._made[kind], views, *arrays, axis=axis, size=self._size)


def in_batches(function, views, *arrays, axis=0, size=BATCH):
    """A function's outputs for all rows, as arrays, fetched after the last batch was dispatched.

    Args:
      function: compiled, from a batch of each array to a tensor or a tuple of tensors.
      views: the `Views` of a row; more or larger views mean smaller batches.
      *arrays: [rows, ...] each, or structures of them, of equal length, which may be 0. A CSR
        matrix comes as batches of `tf.SparseTensor`.
      axis: that of the rows in the outputs.
      size: number of rows per batch, for one view per row.
    """
    first = tf.nest.flatten(arrays)[0]
    size = views.batch(size, first.shape[1:])
    parts = []
    for start in range(0, max(first.shape[0], 1), size):
        rows = slice(start, start + size)
        batch = tf.nest.map_structure(
            lambda array, rows=rows: sparse_rows.as_tensor(array[rows]), arrays
        )
        parts.append(function(*batch))
    return tf.nest.map_structure(lambda *values: np.concatenate(values, axis), *parts)
