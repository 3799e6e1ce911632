"""What users pass to a scikit-learn estimator: X, Y and known labels, checked."""

import numpy as np
from scipy import sparse
from sklearn.utils import check_array

from alen_tf.errors import not_finite


def names(matrix):
    """The column names of a data frame; none for other matrices."""
    return tuple(map(str, getattr(matrix, "columns", ())))


def finite(X):  # noqa: N803
    """Checks a matrix, dense or scipy-sparse.

    Raises:
      ValueError: a value is NaN or infinite.
    """
    if wrong := not_finite(X):
        (row, column), value = wrong
        value = "NaN" if np.isnan(value) else "infinity"
        raise ValueError(f"X[{row}, {column}] is {value}, expected a finite 32-bit number")


def indicator(Y, missing=False):  # noqa: N803
    """A binary indicator matrix, [rows, labels], as dense uint8; if labels are `missing`, as
    float32 with NaN for these.

    Raises:
      ValueError: `Y` is not an indicator matrix.
    """
    Y = _dense(Y)  # noqa: N806
    try:
        shape = np.shape(Y)
    except ValueError:
        shape = None  # rows of different lengths
    if shape is None or len(shape) != 2 or not shape[1]:
        found = "rows of different lengths" if shape is None else f"shape {shape}"
        raise ValueError(
            f"Y has {found}, expected a binary indicator matrix [rows, labels], or a list of label "
            "sets, such as [{'a', 'b'}, set()]"
        )
    Y = check_array(  # noqa: N806
        Y, dtype=None, ensure_min_samples=0, ensure_all_finite=False, input_name="Y"
    )
    if missing and Y.dtype.kind in "fO" and (gaps := Y != Y).any():  # only NaN differs from itself
        Y = np.where(gaps, np.float32(np.nan), indicator(np.where(gaps, 0, Y)))  # noqa: N806
        return Y.astype(np.float32)
    wrong = np.argwhere((Y != 0) & (Y != 1))
    if len(wrong):
        row, column = wrong[0]
        raise ValueError(
            f"Unknown label type: Y[{row}, {column}] is {Y[row, column]}, expected 0 or 1, or a "
            "list of label sets, such as [{'a', 'b'}, set()]"
        )
    return Y.astype(np.uint8)


def weights(sample_weight, rows):
    """Weights of rows as an array, [rows]; equal weights for None.

    Raises:
      ValueError: they are not finite numbers >= 0, or are all 0.
    """
    if sample_weight is None:
        return np.ones(rows)
    try:
        found = np.asarray(sample_weight, np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"sample_weight: expected a number for each row: {error}") from error
    if found.shape != (rows,):
        raise ValueError(f"sample_weight has shape {found.shape}, expected ({rows},)")
    wrong = np.flatnonzero(~np.isfinite(found) | (found < 0))
    if len(wrong):
        raise ValueError(
            f"sample_weight[{wrong[0]}] is {found[wrong[0]]}, expected a finite number >= 0"
        )
    if not found.any():
        raise ValueError("sample_weight is zero for all rows")
    return found


def known_labels(known, signature):
    """Known labels as an array; a data frame of some labels becomes an array of all labels.

    Args:
      known: [rows, labels], or a data frame with columns named like some of the labels; None, which
        stays None, if nothing is known.
      signature: the model's `Signature`.

    Raises:
      ValueError: they are not numbers.
      DataError: a column is not a label of the model.
    """
    if known is None:
        return None
    try:
        values = np.asarray(known, np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"known: expected 0, 1 and NaN for unknown: {error}") from error
    return signature.known_columns(names(known), values, "known") if names(known) else values


def _dense(matrix):
    if sparse.issparse(matrix):
        return matrix.toarray()
    # Columns of a frame may be sparse too, which scikit-learn would reject.
    return np.asarray(matrix) if hasattr(matrix, "__array__") else matrix
