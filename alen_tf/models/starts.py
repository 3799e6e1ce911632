"""Where ascents start in training: a value network knows only the kinds of outputs it has seen."""

import gin
import tensorflow as tf

from alen_tf.configured import Configured, register
from alen_tf.errors import ConfigError, check_number


@gin.register
@register
class TrainingStarts(Configured):
    """Starts that depend less on the truth than the outputs that they replace. None of them is in
    the paper.

    By default, ascents start where the method says. Batches are shuffled, so shares of a batch are
    its first examples.
    """

    def __init__(self, zero_init_fraction=0.0, interpolate_fraction=0.0, discretize=False):
        """Stores the shares.

        Args:
          zero_init_fraction: share of each batch that starts at the uninformed output. It keeps the
            energy's neighbourhood wide once g fits the training split.
          interpolate_fraction: share that starts at a random point between its output and the truth
            of another example. It shows the energy outputs that are wrong but as crisp as the
            truth, and everything in between, so that v cannot mistake crispness for truth.
          discretize: whether every other start is decoded, at a random threshold: otherwise v could
            judge y' by its softness alone, without x.

        Raises:
          ConfigError: a share is not in [0, 1], or they add up to more than 1.
        """
        check_number("TrainingStarts.zero_init_fraction", zero_init_fraction, most=1.0)
        check_number("TrainingStarts.interpolate_fraction", interpolate_fraction, most=1.0)
        if zero_init_fraction + interpolate_fraction > 1.0:
            raise ConfigError(
                f"TrainingStarts: zero_init_fraction {zero_init_fraction:g} and "
                f"interpolate_fraction {interpolate_fraction:g} add up to more than 1"
            )
        self.zero_init_fraction = zero_init_fraction
        self.interpolate_fraction = interpolate_fraction
        self.discretize = discretize

    def __call__(self, y, y_true, space, seed):
        """Starts of ascents.

        Args:
          y: where ascents start otherwise, [batch, ...].
          y_true: true outputs, shaped like `y`.
          space: the `OutputSpace` that holds both.
          seed: int32 [2], from which all draws follow, so that a resumed run draws the same.

        Returns:
          Points of the space, shaped like `y`: the first `zero_init_fraction` of the batch
          uninformed, the next `interpolate_fraction` between `y` and the truth of the example
          before. A decoded start takes its place between them as the threshold: all labels of the
          other truth stay, and those of `y` that are sure enough.
        """
        zeros, moved = self.zero_init_fraction, self.interpolate_fraction
        if moved or self.discretize:
            shape = [tf.shape(y)[0]] + [1] * (len(y.shape) - 1)
            draws = tf.random.stateless_uniform(shape, seed)
        start = y
        if moved:
            others = y + draws * (tf.roll(y_true, 1, axis=0) - y)
            start = replace_first(start, others, zeros + moved)
        if self.discretize:
            odd = tf.reshape(tf.range(tf.shape(y)[0]) % 2 == 1, shape)
            start = tf.where(odd, tf.cast(space.decode(start, draws), y.dtype), start)
        return replace_first(start, space.start(y), zeros)


def replace_first(y, other, share):
    """`y`, [batch, ...], with `other`, shaped like it, in place of the first `share` of the
    batch."""
    if not share:
        return y
    batch = tf.shape(y)[0]
    count = tf.cast(tf.round(share * tf.cast(batch, tf.float32)), tf.int32)
    chosen = tf.reshape(tf.range(batch) < count, [-1] + [1] * (len(y.shape) - 1))
    return tf.where(chosen, other, y)
