"""Where ascents start in training: a value network knows only the kinds of outputs it has seen."""

import tensorflow as tf

from alen_tf.models.learner import replace_first


def varied(y, y_true, space, iteration, mixed, crisp):
    """Starts on the way to other examples' truths, and decoded ones; the others stay `y`.

    Args:
      y: where ascents start otherwise, [batch, ...].
      y_true: true outputs, shaped like `y`.
      space: the `OutputSpace` that holds both.
      iteration: number of the training step, which all draws follow from, so that a resumed run
        draws the same.
      mixed: share of the batch, its first examples, that starts at a random place between `y` and
        the truth of the example before.
      crisp: whether every other start is decoded, at its place on that way as the threshold: all
        labels of the other truth stay, and those of `y` that are sure enough.

    Returns:
      Points of the space, shaped like `y`.
    """
    if not (mixed or crisp):
        return y
    seed = tf.stack([tf.cast(iteration, tf.int32), 0])
    shape = [tf.shape(y)[0]] + [1] * (len(y.shape) - 1)
    draws = tf.random.stateless_uniform(shape, seed)
    if mixed:
        y = replace_first(y, y + draws * (tf.roll(y_true, 1, axis=0) - y), mixed)
    if crisp:
        odd = tf.reshape(tf.range(tf.shape(y)[0]) % 2 == 1, shape)
        y = tf.where(odd, tf.cast(space.decode(y, draws), y.dtype), y)
    return y
