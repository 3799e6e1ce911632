"""Batches that are read from shards while a model trains."""

import numpy as np
import tensorflow as tf

from alen_tf.errors import ConfigError
from alen_tf.models.batch import Batch

FILES = 8  # that are read at a time, in turn
WINDOW = 20_000  # rows that wait in memory, of which a random one comes next
AHEAD = 4  # batches that are ready before a step asks for them


class Streamed:
    """Batches of a `Sharded` split, in place of `Batches`.

    The order of files in an epoch, and that of rows within a window, are pure functions of (seed,
    epoch), so a run that resumes at a step skips the batches before it, and sees the others.
    Memory is that of a window and of a few batches, whatever the number of rows.
    """

    compilable = False  # XLA reads no files

    def __init__(self, examples, batch_size, seed):
        """Configures the batches.

        Args:
          examples: the `Sharded`.
          batch_size: examples per step.
          seed: of the order of examples.

        Raises:
          ConfigError: several replicas train.
        """
        if tf.distribute.get_strategy().num_replicas_in_sync > 1:
            raise ConfigError("train.strategy: shards are for training on one device: set None")
        self._examples = examples
        self._seed = seed
        self.size = min(batch_size, len(examples))
        self.per_epoch = len(examples) // self.size

    def data(self, epoch, step=0):
        """The `tf.data.Dataset` of an epoch's batches from a step on, (x, y); see
        `Sharded.parse`."""
        draws = np.random.default_rng((self._seed, epoch))
        files = tf.data.Dataset.from_tensor_slices(draws.permutation(self._examples.files))
        rows = files.interleave(tf.data.TFRecordDataset, cycle_length=FILES, block_length=1)
        rows = rows.shuffle(WINDOW, int(draws.integers(2**31)), reshuffle_each_iteration=False)
        # Records before the step are read, but not parsed.
        batches = rows.batch(self.size, drop_remainder=True).skip(step)
        return batches.map(self._examples.parse).prefetch(AHEAD)

    def reader(self, epoch, step=0):
        """An iterator over the batches of an epoch from a step on."""
        return iter(self.data(epoch, step))

    @property
    def spec(self):
        """The `TypeSpec` of readers."""
        return tf.data.IteratorSpec(self.data(0).element_spec)

    def __call__(self, epoch, reader, step):
        """The `Batch` of the step that comes next."""
        del epoch, step
        return Batch(*next(reader))
