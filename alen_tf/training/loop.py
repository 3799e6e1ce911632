"""Epochs of training steps, for everything that trains: no files, no evaluation."""

import functools
import time

import numpy as np
import tensorflow as tf

from alen_tf.datasets.augmentation import Augmentation
from alen_tf.errors import ConfigError, NonFiniteError
from alen_tf.training.distribution import Workers

# One call of the compiled loop: long enough to hide the call, short enough to stop soon.
STEPS_PER_CALL = 200
SECONDS_PER_CALL = 1.0
# One step of so many tells more than its losses: gradients' norms cost a pass over memory.
TELLING = 16


class Batches:
    """The training split on the device; the batch of a step, its augmentation included, is a pure
    function of (seed, epoch, step).

    A resumed run therefore sees the same batches, without any state to save. Examples that do not
    fill the last batch of an epoch are left out of that epoch. Made under a strategy, it has as
    many equal shares of each batch as there are replicas.
    """

    def __init__(self, examples, batch_size, seed, augment=None, finer=None):
        """Configures the batches.

        Args:
          examples: the training split.
          batch_size: examples per step, over all replicas.
          seed: of the order of examples and of augmentation.
          augment: the `Augmentation`; none by default.
          finer: see `Splits`; it takes the place of `examples`.

        Raises:
          ConfigError: a batch cannot be shared out among the replicas, or examples cannot be
            augmented.
        """
        source = finer or examples
        self._x = tf.constant(source.x)
        self._y = tf.constant(source.y)
        self._seed = seed
        self._augment = augment or Augmentation()
        self._augment.check(examples.x.shape[1:])
        self._finer = finer.x.shape[1] // examples.x.shape[1] if finer else 1
        self.size = min(batch_size, len(examples))
        self.per_epoch = len(examples) // self.size
        self._replicas = tf.distribute.get_strategy().num_replicas_in_sync
        if self.size % self._replicas:
            raise ConfigError(
                f"batches of {self.size} examples cannot be shared out equally among "
                f"{self._replicas} replicas; choose another train.batch_size"
            )

    def order(self, epoch):
        """The order of examples in an epoch, int32 [examples]."""
        return tf.random.experimental.stateless_shuffle(
            tf.range(len(self._x)), seed=tf.stack([self._seed, epoch])
        )

    def __call__(self, epoch, order, step):
        """The batch of a step of an epoch with this `order`, or this replica's share of it: inputs,
        and outputs as float32."""
        share = step * self._replicas
        seed = tf.random.experimental.stateless_fold_in(tf.stack([self._seed, epoch]), step)
        if self._replicas > 1:
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            share, seed = share + replica, tf.random.experimental.stateless_fold_in(seed, replica)
        size = self.size // self._replicas
        rows = tf.slice(order, [share * size], [size])  # of known size, so that all shapes are
        x, y = tf.gather(self._x, rows), tf.cast(tf.gather(self._y, rows), tf.float32)
        return self._augment(x, y, seed, self._finer)


class Loop:
    """A learner's compiled training steps over `Batches`, on all replicas of the strategy that it
    is made under."""

    def __init__(self, learner, batches, workers=None):
        """Configures the loop.

        Args:
          learner: a built `Learner`.
          batches: the `Batches`.
          workers: the `Workers` that take steps together; by default this process alone.
        """
        self.batches = batches
        self._learner = learner
        self._workers = workers or Workers()
        self._losses = self._others = None  # names of scalars, once a step is traced
        self._seconds_per_step = SECONDS_PER_CALL  # so the first call takes one step, and traces

    def epoch(self, epoch):
        """One pass over the training split.

        Args:
          epoch: its number, from 0.

        Returns:
          The means of the learner's scalars.

        Raises:
          NonFiniteError: one of them is not finite.
        """
        *_, (_, sums) = self.parts(epoch)
        return self.means(sums)

    def parts(self, epoch, step=0, sums=None):
        """The steps of an epoch, a second's work at a time; how they are parted changes no result.

        Args:
          epoch: its number, from 0.
          step: the step to begin with, and
          sums: the sums of the scalars before it, as an earlier pass yielded them.

        Yields:
          (the number of the step that comes next, the sums so far by name), after each part.

        Raises:
          NonFiniteError: a scalar is not finite, or a weight.
        """
        order, per_epoch = self.batches.order(epoch), self.batches.per_epoch
        names = self.names
        values = np.array([sums[name] for name in names] if sums else np.zeros(len(names)))
        while step < per_epoch:
            count = int(np.clip(SECONDS_PER_CALL / self._seconds_per_step, 1, STEPS_PER_CALL))
            last = min(step + count, per_epoch)
            start = time.monotonic()
            # NumPy's numbers: TensorFlow keeps every Python number that it converts, for ever.
            this, first, end = (tf.constant(np.int32(number)) for number in (epoch, step, last))
            values = self._steps(this, order, first, end, tf.constant(values)).numpy()
            sums = dict(zip(names, values.tolist(), strict=True))
            seconds = (time.monotonic() - start) / (last - step)
            self._seconds_per_step = self._workers.mean(seconds)
            place = f"in epoch {epoch + 1}, steps {step + 1} to {last}"
            _check_finite(sums, place)
            _check_weights(self._learner.weights, place)
            step = last
            yield step, sums

    def means(self, sums):
        """The means of the learner's scalars over an epoch."""
        steps = self.batches.per_epoch
        telling = -(-steps // TELLING)
        counts = dict.fromkeys(self._losses, steps) | dict.fromkeys(self._others, telling)
        return {name: value / counts[name] for name, value in sums.items()}

    @functools.cached_property
    def names(self):
        """Names of the learner's scalars, in the order of `_step`'s vector."""
        index, order = tf.TensorSpec([], tf.int32), self.batches.order(0)
        self._step.get_concrete_function(index, tf.TensorSpec.from_tensor(order), index)
        return [*self._losses, *self._others]

    # Without AutoGraph, which would translate every function that a step calls: a step has no
    # Python branches on tensors, and traces in a fraction of the time.
    @tf.function(autograph=False)
    def _step(self, epoch, order, step):
        """A training step on all replicas; the means of the learner's scalars over them, or 0 for
        those that it does not tell, float64 [names]: one vector costs less than many numbers, and
        workers exchange it at once."""

        def on_replica(epoch, order, step):
            losses, others = self._learner.train_step(*self.batches(epoch, order, step))

            def told():
                scalars = others()
                self._others = list(scalars)
                return tf.cast(list(scalars.values()), tf.float64)

            def untold():
                return tf.zeros(len(self._others), tf.float64)

            self._losses = list(losses)
            values = tf.cast(list(losses.values()), tf.float64)
            return tf.concat([values, tf.cond(step % TELLING == 0, told, untold)], axis=0)

        strategy = self._workers.strategy
        values = strategy.run(on_replica, (epoch, order, step))
        return strategy.reduce(tf.distribute.ReduceOp.MEAN, values, axis=None)

    @tf.function
    def _steps(self, epoch, order, first, last, sums):
        """Training steps [first, last) of an epoch; adds the learner's scalars to `sums`."""
        for step in tf.range(first, last):
            sums += self._step(epoch, order, step)
        return sums


def _check_weights(variables, place):
    """Checks that all variables are finite: a gradient that is not may spoil them in a step that
    computes no norm.

    Raises:
      NonFiniteError: some are not.
    """
    for variable in variables:
        if variable.dtype.is_floating and not np.all(np.isfinite(variable.numpy())):
            shape = "x".join(map(str, variable.shape)) or "scalar"
            raise NonFiniteError(
                f"weights ({shape}) not finite {place}; try a smaller learning rate"
            )


def _check_finite(scalars, place):
    broken = [name for name, value in scalars.items() if not np.isfinite(value)]
    if broken:
        more = f" and {len(broken) - 3} more" if len(broken) > 3 else ""
        raise NonFiniteError(
            f"{', '.join(broken[:3])}{more} not finite {place}; try a smaller learning rate"
        )
