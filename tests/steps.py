"""Training steps as tests see them."""

import tensorflow as tf

from alen_tf.models.batch import Batch


def step(model, x, y_true, **parts):
    """All scalars of a training step by name; `parts` are the batch's others, such as `weight`."""
    x = tf.nest.map_structure(lambda x: x if tf.is_tensor(x) else tf.convert_to_tensor(x), x)
    batch = Batch(x, tf.convert_to_tensor(y_true, tf.float32), **parts)
    _, scalars = model.update(model.drawn(batch))
    return scalars
