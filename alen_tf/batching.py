"""Any number of rows through a compiled function, a batch at a time."""

import numpy as np
import tensorflow as tf

BATCH = 512


def in_batches(function, views, *arrays):
    """Calls `function` on batches of rows; results are fetched after the last call, so that the
    device never waits.

    Args:
      function: compiled, from one batch of each array to a tensor or a tuple of tensors.
      views: the `Views` of a row, which a batch has the fewer rows for.
      *arrays: [rows, ...] each, of one length. Of no rows, the function is called on none.

    Returns:
      What it gave for each batch, as arrays: a list.
    """
    size = views.batch(BATCH, arrays[0].shape[1:])
    parts = [
        function(*(tf.constant(array[start : start + size]) for array in arrays))
        for start in range(0, max(len(arrays[0]), 1), size)
    ]
    return [tf.nest.map_structure(np.asarray, part) for part in parts]
