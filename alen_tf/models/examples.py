"""Whether a method can learn from the examples that `fit` is given: messages of one line."""

import numpy as np
import tensorflow as tf

from alen_tf.errors import DataError

OUTSIDE = "a true output is outside of {0, 1}"
MISSING = "ALEN, FeedForward and MaskedLikelihood leave out missing outputs, this method cannot"


def check_outputs(y, space, source, missing=False):
    """Checks true outputs, [examples, ...], of which some may be `missing`, NaN.

    Raises:
      DataError: the space does not hold one, or they have no axis of variables.
    """
    y = np.asarray(y)
    if y.ndim < 2:
        raise DataError(f"{source} has shape {y.shape}, expected [examples, variables, ...]")
    nan = y != y
    inside = space.holds(y) | (nan if missing else False)
    if not inside.all():
        place = tuple(map(int, np.argwhere(~inside)[0]))
        reason = MISSING if nan[place] else OUTSIDE
        raise DataError(f"{source}[{', '.join(map(str, place))}] is {y[place]}: {reason}")


def check_columns(y):
    """Checks that every entry of label sets, [examples, labels], is known of some example.

    Raises:
      DataError: one is not. Of images, [examples, height, width, outputs], none needs to be.
    """
    y = np.asarray(y)
    if y.ndim == 2 and len(y) and (missing := np.all(y != y, axis=0)).any():
        raise DataError(
            f"y[:, {int(np.argmax(missing))}] is NaN in all examples: leave out this output"
        )


def check_rows(y, **others):
    """Checks that every part of some structures has as many examples as `y`; None has no part.

    Raises:
      DataError: one has not.
    """
    for name, structure in others.items():
        for part in tf.nest.flatten(structure):
            if part is None:
                continue
            rows = part.shape[0] if hasattr(part, "shape") else len(part)
            if rows != len(y):
                raise DataError(f"{name} has {rows} examples, but y has {len(y)}")


def without_floats(y):
    """Outputs as bytes where these hold them, so that no training step looks for NaN."""
    values = np.asarray(y)
    with np.errstate(invalid="ignore"):
        small = values.astype(np.uint8)
    return small if np.array_equal(small, values) else y
