"""A trained model in use: one compiled function from rows to labels, relaxed outputs, confidence.

The command line, the estimator and the SavedModel all call this function, so that they agree.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from alen_tf.inference.batching import Compiled


class Prediction(NamedTuple):
    """Predictions of a model for rows.

    Attributes:
      labels: decoded outputs in {0, 1}, [rows, ...], uint8.
      relaxed: the outputs that `labels` is decoded from, in [0, 1], [rows, ...], float32.
      confidence: the oracle value of `labels` (F1, IoU) that the energy network expects, or its
        mean over pixels, [rows], float32; NaN for methods whose energy is not such an expectation.
    """

    labels: np.ndarray | tf.Tensor
    relaxed: np.ndarray | tf.Tensor
    confidence: np.ndarray | tf.Tensor


class TrainedModel:
    """A trained `StructuredModel` with its `Signature`."""

    def __init__(self, model, signature, absent=None):
        """Stores a model.

        Args:
          model: the `StructuredModel`.
          signature: its `Signature`.
          absent: labels that no training row has, bool [labels]: they are not predicted, unless
            they are known.
        """
        self.model = model
        self.signature = signature
        self.absent = absent
        self._compiled = {}  # by number of steps

    def __getstate__(self):
        return vars(self) | {"_compiled": {}}  # not part of a copy

    def predict(self, x, steps=None, known=None):
        """The `Prediction` of a batch as tensors, for use in graphs; arguments as those of
        `StructuredModel.path`."""
        known = self._without_absent(x, known)
        return self.interpret(x, self.model.path(x, steps, known)[-1], known)

    def _without_absent(self, x, known):
        """Known labels of a batch; absent labels are set to 0."""
        if self.absent is None:
            return known
        if known is None:
            known = tf.fill([tf.shape(x)[0], len(self.absent)], float("nan"))
        return tf.where(self.absent & tf.math.is_nan(known), 0.0, known)

    def interpret(self, x, relaxed, known=None):
        """The `Prediction` of the model's `relaxed` outputs for inputs `x`, as tensors."""
        labels = self.model.decode(relaxed, self.signature.threshold)
        confidence = self.model.confidence(x, labels, known)
        if confidence is None:
            confidence = tf.fill([tf.shape(x)[0]], np.float32(np.nan))
        return Prediction(tf.cast(labels, tf.uint8), relaxed, confidence)

    def __call__(self, x, steps=None, known=None, source="x"):
        """The `Prediction` of any number of rows as arrays.

        Args:
          x: inputs, [rows, ...], an array or a SciPy matrix.
          steps: number of refinement steps; the configured number by default.
          known: labels in {0, 1} where they are known and NaN elsewhere, [rows, ...].
          source: name of the rows in errors: a file or an argument.

        Raises:
          DataError: rows or known labels do not fit the model.
        """
        x = self.model.inputs(x).astype(np.float32, copy=False)
        self.signature.check_inputs(x, source)
        arrays = [x]
        if known is not None:
            arrays.append(np.asarray(known, np.float32))
            self.signature.check_known(arrays[1], x.shape[0], "known")
        if steps not in self._compiled:
            self._compiled[steps] = Compiled(lambda x, known=None: self.predict(x, steps, known))
        return self._compiled[steps](self.model.views, *arrays)
