"""Epochs of training steps, without files or evaluation."""

import contextlib
import functools
import re
import time

import numpy as np
import tensorflow as tf

from alen_tf import sparse_rows
from alen_tf.datasets.augmentation import Augmentation
from alen_tf.errors import ConfigError, NonFiniteError
from alen_tf.models.batch import Batch
from alen_tf.networks.dropout import drawn_by_xla
from alen_tf.training.distribution import Workers

# One call of the compiled loop: long enough to hide its overhead, short enough to stop soon.
STEPS_PER_CALL = 200
SECONDS_PER_CALL = 1.0
# One step out of this number logs more than its losses: gradient norms cost a pass over memory.
LOG_EVERY = 16


class Batches:
    """The training split on the device; the batch of a step, its augmentation included, is a pure
    function of (seed, epoch, step).

    A resumed run therefore sees the same batches, without any state to save. Examples that do not
    fill the last batch of an epoch are left out of that epoch. Made under a strategy, it has as
    many equal shares of each batch as there are replicas.

    Attributes:
      size: examples per step.
      per_epoch: steps per epoch.
      compilable: whether XLA can compile what makes a batch.
    """

    def __init__(self, examples, batch_size, seed, augment=None, high_res=None, fold=None):
        """Configures the batches.

        Args:
          examples: the training split.
          batch_size: examples per step, over all replicas.
          seed: of the order of examples and of augmentation.
          augment: the `Augmentation`; none by default.
          high_res: see `Splits`; it takes the place of `examples`.
          fold: the fold of each example, [examples]; none by default.

        Raises:
          ConfigError: a batch cannot be divided among the replicas, or examples cannot be
            augmented.
        """
        source = high_res or examples
        self._x = sparse_rows.gatherable(source.x)
        self._y = tf.constant(source.y)
        self._counted = None if source.counted is None else tf.constant(source.counted)
        self._missing = source.incomplete  # if not by `counted`, then by NaN
        self._fold = None if fold is None else tf.constant(fold, tf.int32)
        self._weight = None if source.weight is None else tf.constant(source.weight, tf.float32)
        self._seed = seed
        self._augment = augment or Augmentation()
        self._augment.check(examples.x.shape[1:])
        self.compilable = self._augment.compilable
        self._high_res = high_res.x.shape[1] // examples.x.shape[1] if high_res else 1
        self.size = min(batch_size, len(examples))
        self.per_epoch = len(examples) // self.size
        self._replicas = tf.distribute.get_strategy().num_replicas_in_sync
        if self.size % self._replicas:
            raise ConfigError(
                f"batches of {self.size} examples cannot be divided equally among "
                f"{self._replicas} replicas; choose another train.batch_size"
            )

    def order(self, epoch):
        """The order of examples in an epoch, int32 [examples]."""
        return tf.random.experimental.stateless_shuffle(
            tf.range(len(self._y)), seed=tf.stack([self._seed, epoch])
        )

    def reader(self, epoch, step=0):
        """What batches of an epoch are read from, from a step on: the order of its examples."""
        del step
        return self.order(epoch)

    @property
    def spec(self):
        """The `TypeSpec` of readers."""
        return tf.TensorSpec.from_tensor(self.order(0))

    def __call__(self, epoch, order, step):
        """The `Batch` of a step of an epoch with this `order`, or this replica's share of it."""
        share = step * self._replicas
        seed = tf.random.experimental.stateless_fold_in(tf.stack([self._seed, epoch]), step)
        if self._replicas > 1:
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            share, seed = share + replica, tf.random.experimental.stateless_fold_in(seed, replica)
        size = self.size // self._replicas
        rows = tf.slice(order, [share * size], [size])  # of known size, so all shapes are known
        x = sparse_rows.gather(self._x, rows)
        y = tf.cast(tf.gather(self._y, rows), tf.float32)
        if self._counted is not None:  # moves with y, as one more channel of it
            y = tf.concat([y, tf.cast(tf.gather(self._counted, rows), tf.float32)[..., None]], -1)
        x, y = self._augment(x, y, seed, self._high_res)
        counted = None
        if self._counted is not None:
            y, counted = y[..., :-1], y[..., -1]
        elif self._missing:
            counted = tf.cast(~tf.math.is_nan(y), tf.float32)
        weight, fold = (
            None if each is None else tf.gather(each, rows) for each in (self._weight, self._fold)
        )
        return Batch(x, y, weight, fold, counted=counted)


class Loop:
    """A model's compiled training steps over `Batches`, on all replicas of the strategy that it is
    made under."""

    def __init__(self, model, batches, workers=None, jit_compile=False):
        """Configures the loop.

        Args:
          model: a built and compiled `StructuredModel`.
          batches: the `Batches`, or `Streamed` ones.
          workers: the `Workers` that take steps together; by default this process alone.
          jit_compile: whether XLA compiles the loop, or each step of it where it cannot compile
            what makes a batch.
        """
        self.batches = batches
        self._model = model
        self._workers = workers or Workers()
        self._losses = self._others = None  # names of scalars, once a step is traced
        self._compiled_steps = None
        self._jit_compile = jit_compile
        self._update = self._update_model
        if jit_compile and batches.compilable:
            self._steps = tf.function(self._steps.python_function, jit_compile=True)
        elif jit_compile:
            self._update = tf.function(self._update_model, autograph=False, jit_compile=True)
        self._seconds_per_step = SECONDS_PER_CALL  # so the first call takes one step, and traces

    def epoch(self, epoch):
        """One pass over the training split.

        Args:
          epoch: its number, from 0.

        Returns:
          The means of the model's scalars.

        Raises:
          NonFiniteError: one of them is not finite.
        """
        *_, (_, sums) = self.parts(epoch)
        return self.means(sums)

    def parts(self, epoch, step=0, sums=None):
        """The steps of an epoch, a second's work at a time; the division does not affect results.

        Args:
          epoch: its number, from 0.
          step: the step to begin with, and
          sums: the sums of the scalars before it, as an earlier pass yielded them.

        Yields:
          (the number of the step that comes next, the sums so far by name), after each part.

        Raises:
          NonFiniteError: a scalar is not finite, or a weight.
          ConfigError: XLA cannot compile an operation.
        """
        reader, per_epoch = self.batches.reader(epoch, step), self.batches.per_epoch
        names = self.names
        values = np.array([sums[name] for name in names] if sums else np.zeros(len(names)))
        while step < per_epoch:
            count = int(np.clip(SECONDS_PER_CALL / self._seconds_per_step, 1, STEPS_PER_CALL))
            last = min(step + count, per_epoch)
            start = time.monotonic()
            # NumPy numbers, because TensorFlow caches every Python number that it converts,
            # forever.
            this, first, end = (tf.constant(np.int32(number)) for number in (epoch, step, last))
            with _refusals(self._jit_compile):
                values = self._compiled_steps(this, reader, first, end, tf.constant(values)).numpy()
            sums = dict(zip(names, values.tolist(), strict=True))
            seconds = (time.monotonic() - start) / (last - step)
            self._seconds_per_step = self._workers.mean(seconds)
            place = f"in epoch {epoch + 1}, steps {step + 1} to {last}"
            _check_finite(sums, place)
            _check_weights(self._model.network_state, place)
            step = last
            yield step, sums

    def means(self, sums):
        """The means of the model's scalars over an epoch."""
        steps = self.batches.per_epoch
        logged = -(-steps // LOG_EVERY)
        counts = dict.fromkeys(self._losses, steps) | dict.fromkeys(self._others, logged)
        return {name: value / counts[name] for name, value in sums.items()}

    @functools.cached_property
    def names(self):
        """Names of the model's scalars, in the order of sums: losses, then all others."""
        index = tf.TensorSpec([], tf.int32)
        reader = self.batches.spec
        self._step.get_concrete_function(index, reader, index)
        names = [*self._losses, *self._others]
        # Concrete, because calls of a `tf.function` warn if a process trains many models.
        self._compiled_steps = self._steps.get_concrete_function(
            index, reader, index, index, tf.TensorSpec([len(names)], tf.float64)
        )
        return names

    # Without AutoGraph, which would translate every function that a step calls: a step has no
    # Python branches on tensors, and traces in a fraction of the time.
    @tf.function(autograph=False)
    def _step(self, epoch, reader, step):
        """A training step on all replicas; the means of the model's losses over them, and of its
        other scalars, float64 [names] each: one vector costs less than many numbers, and workers
        exchange it at once."""

        def on_replica(epoch, reader, step):
            return self._update(self.batches(epoch, reader, step))

        strategy = self._workers.strategy
        losses, others = strategy.run(on_replica, (epoch, reader, step))
        mean = tf.distribute.ReduceOp.MEAN
        return strategy.reduce(mean, losses, axis=None), strategy.reduce(mean, others, axis=None)

    def _update_model(self, batch):
        """A training step on one replica's share of a batch; losses and other scalars, float64
        [names] each."""
        with drawn_by_xla(self._jit_compile):
            _, scalars = self._model.update(self._model.drawn(batch))
        self._losses = [name for name in scalars if "_loss" in name]
        self._others = [name for name in scalars if name not in self._losses]
        return tuple(
            tf.cast([scalars[name] for name in names], tf.float64)
            for names in (self._losses, self._others)
        )

    @tf.function
    def _steps(self, epoch, reader, first, last, sums):
        """Training steps [first, last) of an epoch; adds the losses of each to `sums`, and of one
        step in `LOG_EVERY` all other scalars. The others are not computed."""
        zeros = tf.zeros(len(self._others), tf.float64)
        step = first
        # Loops over numbers: XLA does not compile a loop over `tf.range` within another one, and
        # what workers exchange must not be in an `if`, whose graph TensorFlow then breaks.
        while step < last:
            logged = -(-step // LOG_EVERY) * LOG_EVERY
            while step < tf.minimum(logged, last):
                losses, _ = self._step(epoch, reader, step)
                sums += tf.concat([losses, zeros], axis=0)
                step += 1
            while step < tf.minimum(logged + 1, last):
                losses, others = self._step(epoch, reader, step)
                sums += tf.concat([losses, others], axis=0)
                step += 1
        return sums


@contextlib.contextmanager
def _refusals(jit_compile):
    """Turns XLA's errors about operations that it lacks into one clear line.

    Raises:
      ConfigError: it lacks some.
    """
    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        lacking = sorted(set(re.findall(r"(\w+) \(No registered '\1' OpKernel", error.message)))
        if not (jit_compile and lacking):
            raise
        raise ConfigError(
            f"train.jit_compile: XLA cannot compile {', '.join(lacking)}; leave it False"
        ) from None


def _check_weights(variables, place):
    """Checks that all variables are finite: in a step that computes no norm, a non-finite gradient
    may spoil them.

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
