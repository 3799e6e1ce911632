"""Label sets from values of labels, at thresholds or with the highest values."""

import numpy as np

from alen_tf.errors import DataError, check_count


def at(values, threshold):
    """The labels whose values are at least a threshold, int64 [rows, labels].

    Args:
      values: [rows, labels].
      threshold: one for all labels, or [labels].

    Raises:
      DataError: it has another shape.
    """
    count = values.shape[1]
    if np.shape(threshold) not in ((), (count,)):
        raise DataError(
            f"threshold has shape {np.shape(threshold)}, expected one number or {count}"
        )
    return (values >= threshold).astype(np.int64)


def top(values, count):
    """The `count` labels with the highest values in each row, int64 [rows, labels]; ties go to the
    first.

    Raises:
      UserError: there are fewer labels.
    """
    check_count("top", count)
    if count > values.shape[1]:
        raise DataError(f"top is {count}, but there are {values.shape[1]} labels")
    labels = np.zeros(values.shape, np.int64)
    highest = np.argsort(-values, axis=1, kind="stable")[:, :count]
    np.put_along_axis(labels, highest, 1, axis=1)
    return labels
