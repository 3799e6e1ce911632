"""Epochs of training steps, for everything that trains: no files, no evaluation."""

import numpy as np
import tensorflow as tf

from alen_tf.datasets.augmentation import Augmentation
from alen_tf.errors import NonFiniteError

# Steps inside one call of the compiled loop: long enough to hide the call, short enough to stop
# soon.
STEPS_PER_CALL = 200


class Batches:
    """The training split on the device; the batch of a step, its augmentation included, is a pure
    function of (seed, epoch, step).

    A resumed run therefore sees the same batches, without any state to save. Examples that do not
    fill the last batch of an epoch are left out of that epoch.
    """

    def __init__(self, examples, batch_size, seed, augment=None):
        self._x = tf.constant(examples.x)
        self._y = tf.constant(examples.y)
        self._seed = seed
        self._augment = augment or Augmentation()
        self.size = min(batch_size, len(examples))
        self.per_epoch = len(examples) // self.size

    def order(self, epoch):
        """The order of examples in an epoch, int32 [examples]."""
        return tf.random.experimental.stateless_shuffle(
            tf.range(len(self._x)), seed=tf.stack([self._seed, epoch])
        )

    def __call__(self, epoch, order, step):
        """The batch of a step of an epoch with this `order`: inputs, and outputs as float32."""
        rows = order[step * self.size : (step + 1) * self.size]
        seed = tf.random.experimental.stateless_fold_in(tf.stack([self._seed, epoch]), step)
        x, y = tf.gather(self._x, rows), tf.cast(tf.gather(self._y, rows), tf.float32)
        return self._augment(x, y, seed)


class Loop:
    """A learner's compiled training steps over `Batches`."""

    def __init__(self, learner, batches):
        self.batches = batches
        self._step = tf.function(learner.train_step)

    def epoch(self, epoch):
        """One pass over the training split.

        Args:
          epoch: its number, from 0.

        Returns:
          The means of the learner's scalars.

        Raises:
          NonFiniteError: one of them is not finite.
        """
        parts, per_epoch = [], self.batches.per_epoch
        for first in range(0, per_epoch, STEPS_PER_CALL):
            last = min(first + STEPS_PER_CALL, per_epoch)
            sums = self._steps(tf.constant(epoch), tf.constant(first), tf.constant(last))
            parts.append({name: float(value) for name, value in sums.items()})
            _check_finite(parts[-1], epoch)
        return {name: sum(part[name] for part in parts) / per_epoch for name in parts[0]}

    @tf.function
    def _steps(self, epoch, first, last):
        """Training steps [first, last) of an epoch; the sums of the learner's scalars."""
        order = self.batches.order(epoch)
        sums = self._step(*self.batches(epoch, order, first))
        for step in tf.range(first + 1, last):
            scalars = self._step(*self.batches(epoch, order, step))
            sums = tf.nest.map_structure(tf.add, sums, scalars)
        return sums


def _check_finite(scalars, epoch):
    broken = [name for name, value in scalars.items() if not np.isfinite(value)]
    if broken:
        more = f" and {len(broken) - 3} more" if len(broken) > 3 else ""
        raise NonFiniteError(
            f"{', '.join(broken[:3])}{more} not finite in epoch {epoch + 1}; "
            "try a smaller learning rate"
        )
