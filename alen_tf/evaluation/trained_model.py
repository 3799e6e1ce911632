"""A trained model in use: one compiled function from rows to labels, relaxed outputs, confidence.

The command line, the estimator and the SavedModel all call this function, so that they agree.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from alen_tf.inference.batching import in_batches


class Prediction(NamedTuple):
    """What a model says of rows.

    Attributes:
      labels: decoded outputs in {0, 1}, [rows, ...], uint8.
      relaxed: the outputs that they decode, in [0, 1], [rows, ...], float32.
      confidence: what the energy network expects of `labels`, [rows], float32: their oracle value
        (F1, IoU), or its mean over places (pixel agreement); NaN for methods whose energy is no
        such expectation.
    """

    labels: np.ndarray | tf.Tensor
    relaxed: np.ndarray | tf.Tensor
    confidence: np.ndarray | tf.Tensor


class Model:
    """A trained `Learner` with its `Interface`."""

    def __init__(self, learner, interface):
        self.learner = learner
        self.interface = interface
        self._compiled = {}  # by number of steps and whether labels are known

    def predict(self, x, steps=None, known=None):
        """The `Prediction` of a batch as tensors, for use in graphs; arguments as those of
        `Learner.predict`."""
        return self.interpret(x, self.learner.predict(x, steps, known)[-1])

    def interpret(self, x, relaxed):
        """The `Prediction` that the learner's `relaxed` outputs for inputs `x` are, as tensors."""
        decoded = self.learner.space.decode(relaxed, self.interface.threshold)
        labels = tf.cast(decoded, tf.float32)
        confidence = self.learner.confidence(x, labels)
        if confidence is None:
            confidence = tf.fill([tf.shape(x)[0]], np.float32(np.nan))
        return Prediction(tf.cast(labels, tf.uint8), relaxed, confidence)

    def __call__(self, x, steps=None, known=None, source="x"):
        """The `Prediction` of any number of rows as arrays.

        Args:
          x: inputs, [rows, ...], not standardised.
          steps: number of refinement steps; the configured number by default.
          known: labels in {0, 1} where they are known and NaN elsewhere, [rows, ...].
          source: what errors call the rows: a file or an argument.

        Raises:
          DataError: rows or known labels do not fit the model.
        """
        x = np.asarray(x, np.float32)
        self.interface.check_inputs(x, source)
        if known is not None:
            known = np.asarray(known, np.float32)
            self.interface.check_known(known, len(x), "known")
        function = self._function(steps, known is not None)
        arrays = [x] if known is None else [x, known]
        return in_batches(function, self.learner.views, *arrays)

    def _function(self, steps, clamped):
        """`predict` with so many steps, compiled once for batches of any size."""
        if (steps, clamped) not in self._compiled:
            shapes = [self.interface.input_shape, self.interface.output_shape][: 1 + clamped]
            specs = [tf.TensorSpec([None, *shape], tf.float32) for shape in shapes]
            function = tf.function(
                lambda x, known=None: self.predict(x, steps, known), autograph=False
            )
            self._compiled[steps, clamped] = function.get_concrete_function(*specs)
        return self._compiled[steps, clamped]
