"""What a training step is given."""

from typing import NamedTuple

import keras
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
    """

    x: tf.Tensor
    y: tf.Tensor
    weight: tf.Tensor | None = None
    fold: tf.Tensor | None = None
    known: tf.Tensor | None = None

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
