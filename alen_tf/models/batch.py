"""What a training step is given."""

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from alen_tf.errors import DataError


class Batch(NamedTuple):
    """Examples of a training step.

    Attributes:
      x: inputs, [batch, ...], or a structure of them.
      y: true outputs in the space, [batch, ...], float32, NaN where they are missing.
      weight: of each example in losses and metrics, [batch]; None for equal ones.
      fold: number of the fold that each example belongs to, int32 [batch]; None where inference
        networks are not cross-fitted.
      known: which outputs are known beforehand, bool, shaped like `y`; None for none.
      counted: which outputs count in losses, 0 or 1, float32, shaped like `y`, or for places of
        images [batch, height, width]; the others are missing or known, and `y` is NaN there or a
        guess. None for all.
    """

    x: tf.Tensor
    y: tf.Tensor
    weight: tf.Tensor | None = None
    fold: tf.Tensor | None = None
    known: tf.Tensor | None = None
    counted: tf.Tensor | None = None

    @classmethod
    def of(cls, data):
        """The batch that `fit` or a data set gives.

        Args:
          data: (x, y), (x, y, weight), or a dictionary of a batch's attributes. What is NaN in y
            does not count.

        Raises:
          DataError: there is no y, or a part that no batch has.
        """
        if isinstance(data, dict):
            if unknown := set(data) - set(cls._fields):
                raise DataError(
                    f"a batch has no {sorted(unknown)[0]!r}; its parts are {', '.join(cls._fields)}"
                )
            parts = data
        else:
            parts = dict(zip(cls._fields, keras.utils.unpack_x_y_sample_weight(data), strict=False))
        if parts.get("x") is None or parts.get("y") is None:
            raise DataError("training needs inputs x and true outputs y: fit(x, y)")
        y = tf.convert_to_tensor(parts["y"])
        batch = cls(**parts)._replace(y=tf.cast(y, tf.float32))
        if y.dtype.is_floating and batch.counted is None:  # integers are never NaN
            batch = batch._replace(counted=tf.cast(~tf.math.is_nan(batch.y), tf.float32))
        return batch

    def around(self, known):
        """The batch with some outputs known, shaped like `y`, which then do not count."""
        known = tf.cast(known, tf.bool) & ~tf.math.is_nan(self.truth)
        unknown = tf.cast(~known, tf.float32)
        return self._replace(known=known, counted=only_counted(unknown, self.counted))

    @property
    def truth(self):
        """`y` with NaN where it does not count, which cross entropies leave out."""
        if self.counted is None:
            return self.y
        return tf.where(_of_outputs(self.counted, self.y) == 0.0, np.nan, self.y)

    @property
    def given(self):
        """The outputs that are known, and NaN elsewhere; None where nothing is."""
        return None if self.known is None else tf.where(self.known, self.y, np.nan)

    def completed(self, guess):
        """`y` with a guess, shaped like it, where it is missing."""
        return self.y if self.counted is None else tf.where(tf.math.is_nan(self.y), guess, self.y)


def only_counted(y, counted):
    """`y` with nothing where it does not count, so that oracle values are of the rest."""
    return y if counted is None else y * _of_outputs(counted, y)


def mean(values, weight=None, counted=None):
    """The mean of values, [batch] or [batch, height, width], of the examples or places of which an
    output counts, with each example's weight; see `Batch`."""
    if counted is not None:
        counted = _of_values(counted, values)
        values *= tf.math.divide_no_nan(counted, tf.reduce_mean(counted))
    if weight is None:
        return tf.reduce_mean(values)
    weight = tf.reshape(tf.cast(weight, values.dtype), [-1] + [1] * (len(values.shape) - 1))
    return tf.reduce_mean(weight * values)


def per_example(values, counted=None):
    """Means over all axes but the first, [batch]; of the places that count, see `Batch`."""
    if len(values.shape) == 1:
        return values
    if counted is not None:
        counted = _of_values(counted, values)
        share = tf.reduce_mean(counted, axis=list(range(1, len(values.shape))), keepdims=True)
        values *= tf.math.divide_no_nan(counted, share)
    return tf.reduce_mean(tf.reshape(values, (tf.shape(values)[0], -1)), axis=1)


def _of_outputs(counted, y):
    """What counts with as many axes as outputs have."""
    return counted if len(counted.shape) == len(y.shape) else counted[..., None]


def _of_values(counted, values):
    """What counts of values that belong to several outputs: those with one that counts."""
    return tf.reduce_max(counted, axis=list(range(len(values.shape), len(counted.shape))))
