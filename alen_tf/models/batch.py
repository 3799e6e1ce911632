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
      y: true outputs in the space, [batch, ...], float32.
      weight: of each example in losses and metrics, [batch]; None for equal ones.
      fold: number of the fold that each example belongs to, int32 [batch]; None where inference
        networks are not cross-fitted.
      known: which outputs are known already, bool, shaped like `y`; None for none.
      counted: which places of images count in losses, 0 or 1, [batch, height, width], float32; in
        the others `y` is a guess. None for all.
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
          data: (x, y), (x, y, weight), or a dictionary of a batch's attributes.

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
        return cls(**parts)._replace(y=tf.cast(parts["y"], tf.float32))

    @property
    def truth(self):
        """`y` with NaN in places that do not count, which cross entropies leave out."""
        if self.counted is None:
            return self.y
        return tf.where(self.counted[..., None] == 0.0, np.nan, self.y)


def only_counted(y, counted):
    """`y` with nothing in places that do not count, so that oracle values are of the others."""
    return y if counted is None else y * counted[..., None]


def mean(values, weight=None, counted=None):
    """The mean of values, [batch] or [batch, height, width], of the places that count, with each
    example's weight; see `Batch`."""
    if counted is not None and len(values.shape) > 1:
        values *= tf.math.divide_no_nan(counted, tf.reduce_mean(counted))
    if weight is None:
        return tf.reduce_mean(values)
    weight = tf.reshape(tf.cast(weight, values.dtype), [-1] + [1] * (len(values.shape) - 1))
    return tf.reduce_mean(weight * values)
