"""What is timed: learners of the gin files on synthetic data of the benchmarks' shapes."""

import types
from typing import NamedTuple

import gin
import keras
import numpy as np
import tensorflow as tf

from alen_tf.datasets.splits import Examples
from alen_tf.training import config, trainer
from alen_tf.training.loop import Batches, Loop

assert trainer  # parsing needs `train` to be known


class Shape(NamedTuple):
    """Shapes of a data set, and how many ones there are among an example's features and labels."""

    input: tuple[int, ...]
    output: tuple[int, ...]
    ones: float = 0.0
    labels: float = 0.0

    def examples(self, count):
        """Random examples, uint8: bags of words with label sets, or images with masks."""
        random = np.random.default_rng(0)
        if len(self.input) == 3:
            x = random.integers(0, 256, (count, *self.input))
            return Examples(x.astype(np.uint8), self._bits(random, count, self.output, 0.5))
        return Examples(
            self._bits(random, count, self.input, self.ones / self.input[0]),
            self._bits(random, count, self.output, self.labels / self.output[0]),
        )

    @staticmethod
    def _bits(random, count, shape, share):
        return (random.random((count, *shape), np.float32) < share).astype(np.uint8)


BIBTEX = Shape((1836,), (159,), 69, 2.4)
BOOKMARKS = Shape((2150,), (208,), 126, 2.0)
HORSES = Shape((32, 32, 3), (32, 32, 1))


class Workload:
    """A learner and batches for it."""

    def __init__(self, gin_file, shape=BIBTEX, params=(), count=4000):
        """Builds the learner that a gin file describes.

        Args:
          gin_file: path relative to gin/, without the suffix.
          shape: `Shape` of the data.
          params: further gin bindings.
          count: number of examples.
        """
        config.parse([f"{gin_file}.gin"], params)
        task = gin.query_parameter("train.task").scoped_configurable_fn()
        self.learner = gin.query_parameter("train.learner").scoped_configurable_fn()
        keras.utils.set_random_seed(0)
        self.examples = shape.examples(count)
        size = gin.query_parameter("train.batch_size")
        self.batches = Batches(self.examples, size, 0, task.augmentation)
        self.learner.build(shape.input, shape.output, task.space, task.oracle, 100_000, task.views)
        self.learner.adapt(self.examples.x)

    def steps(self, count, **options):
        """A function that takes `count` training steps as the trainer does; `options` as those of
        `Loop`."""
        return Stepping(self, **options).function(count)


class Stepping(Loop):
    """The trainer's loop in pieces that can be timed."""

    def __init__(self, workload, per_call=None, jit_compile=False, logged="all"):
        """Configures the loop.

        Args:
          workload: the `Workload`.
          per_call: steps per call of the compiled loop; all by default.
          jit_compile: whether XLA compiles the loop.
          logged: which scalars are computed, "all", "losses" or "nothing"; what nobody reads,
            TensorFlow does not compute.
        """
        super().__init__(workload.learner, workload.batches)
        self.per_call = per_call

        def train_step(x, y):
            losses, others = workload.learner.train_step(x, y)
            if logged == "nothing":
                losses = {"nothing": tf.constant(0.0)}
            return losses, others if logged == "all" else dict

        self._learner = types.SimpleNamespace(train_step=train_step)
        if jit_compile:
            self._steps = tf.function(self._steps.python_function, jit_compile=True)

    def function(self, count):
        """A function that takes `count` steps, of one epoch."""
        if count > self.batches.per_epoch:
            raise ValueError(f"{count} steps need more than {self.batches.per_epoch} batches")
        order = self.batches.order(0)
        zeros = tf.zeros(len(self.names), tf.float64)
        parts = [
            [tf.constant(np.int32(number)) for number in (first, first + (self.per_call or count))]
            for first in range(0, count, self.per_call or count)
        ]
        epoch = tf.constant(np.int32(0))

        def run():
            for first, last in parts:
                self._steps(epoch, order, first, last, zeros).numpy()

        return run
