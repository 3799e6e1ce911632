"""The timed workloads: models of the gin files on synthetic data with the benchmarks' shapes."""

import types
from typing import NamedTuple

import gin
import keras
import numpy as np
import tensorflow as tf

from alen_tf.datasets.splits import Examples
from alen_tf.training import config, trainer
from alen_tf.training.loop import Batches, Loop

TOTAL_STEPS = 100_000  # so that learning rates hardly move


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


def compiled(root, x_shape, y_shape, total_steps):
    """The built and compiled model of a gin file, as the trainer makes it.

    Args:
      root: gin's bindings of `trainer.train`.
      x_shape, y_shape: of all inputs and outputs, [examples, ...].
      total_steps: length of the run, for schedules of learning rates.
    """
    model = trainer.build(root["model"], root["task"], x_shape, y_shape, seed=0)
    names = ("energy_optimizer", "inference_optimizer")
    model.compile(**{name: root[name](total_steps) for name in names if name in root})
    return model


class Workload:
    """A model and batches for it."""

    def __init__(self, gin_file, shape=BIBTEX, params=(), count=4000):
        """Builds the model that a gin file describes.

        Args:
          gin_file: path relative to gin/, without the suffix.
          shape: `Shape` of the data.
          params: further gin bindings.
          count: number of examples.
        """
        config.parse([f"{gin_file}.gin"], params)
        root = gin.get_bindings(trainer.train)
        keras.utils.set_random_seed(0)
        self.examples = shape.examples(count)
        x, y = self.examples.x, self.examples.y
        self.batches = Batches(self.examples, root["batch_size"], 0, root["task"].augmentation)
        self.model = compiled(root, x.shape, y.shape, TOTAL_STEPS)
        self.model.preprocessing.adapt(x)

    def steps(self, count, **options):
        """A function that takes `count` training steps as the trainer does; `options` as those of
        `Loop`."""
        return Stepping(self, **options).function(count)

    def fit(self, epochs, per_call, data_set=False):
        """A function that takes the training steps of as many epochs by Keras's `fit`.

        Args:
          epochs: passes over the examples.
          per_call: `steps_per_execution`.
          data_set: whether `fit` is given a `tf.data.Dataset`, not arrays.
        """
        model, size = self.model, self.batches.size
        model.steps_per_execution = per_call
        x, y = self.examples.x, self.examples.y
        if data_set:
            rows = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x), seed=0)
            batches = rows.batch(size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)
            return lambda: model.fit(batches, epochs=epochs, verbose=0)
        return lambda: model.fit(x, y, batch_size=size, epochs=epochs, verbose=0)


class Stepping(Loop):
    """The trainer's loop in pieces that can be timed."""

    def __init__(self, workload, per_call=None, jit_compile=False, logged="all"):
        """Configures the loop.

        Args:
          workload: the `Workload`.
          per_call: steps per call of the compiled loop; all by default.
          jit_compile: whether XLA compiles the loop.
          logged: which scalars are computed: "all", "losses" or "nothing". TensorFlow does not
            compute unused ones.
        """
        super().__init__(workload.model, workload.batches, jit_compile=jit_compile)
        self.per_call = per_call

        def update(batch):
            y, scalars = workload.model.update(batch)
            if logged == "losses":
                scalars = losses(scalars)
            elif logged == "nothing":
                scalars = {"no_loss": tf.constant(0.0)}
            return y, scalars

        self._model = types.SimpleNamespace(update=update, drawn=lambda batch: batch)

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


def losses(scalars):
    """Those scalars of a training step that the trainer logs after every step."""
    return {name: value for name, value in scalars.items() if "_loss" in name}
