"""Any number of rows through a compiled function, a batch at a time."""

import numpy as np
import tensorflow as tf

BATCH = 512


def in_batches(function, views, *arrays, axis=0):
    """What `function` gives for all rows, as arrays, fetched after the last batch was dispatched.

    Args:
      function: compiled, from a batch of each array to a tensor or a tuple of tensors.
      views: the `Views` of a row: the more and the larger they are, the fewer rows has a batch.
      *arrays: [rows, ...] each, of one length, which may be 0.
      axis: that of the rows in what the function gives.
    """
    size = views.batch(BATCH, arrays[0].shape[1:])
    parts = [
        function(*(tf.constant(array[start : start + size]) for array in arrays))
        for start in range(0, max(len(arrays[0]), 1), size)
    ]
    return tf.nest.map_structure(lambda *values: np.concatenate(values, axis), *parts)
