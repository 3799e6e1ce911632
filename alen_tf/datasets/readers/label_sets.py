"""Label sets as scikit-learn users pass them: an indicator matrix, or a list of sets of labels."""

import math
import numbers

import numpy as np
from scipy import sparse
from sklearn.preprocessing import MultiLabelBinarizer

from alen_tf.datasets.readers.arrays import indicator

MOST = 200_000_000  # rows x labels: several numbers per entry are in memory


def read(Y, missing=False):  # noqa: N803
    """Label sets as an indicator.

    Args:
      Y: binary indicator [rows, labels], dense, data frame or SciPy sparse; or a list of sets of
        strings or numbers. Rows may be lists, but lists of numbers with equal lengths are an
        indicator.
      missing: whether NaN in an indicator marks a missing label.

    Returns:
      (indicator, uint8 [rows, labels]; labels, [labels]: sorted, or the names of columns, or 0, 1,
      ...).

    Raises:
      ValueError: `Y` is neither, or has more than `MOST` entries.
    """
    if are_sets(Y):
        return _binarized(Y)
    if len(shape := getattr(Y, "shape", ())) == 2:
        _check_size(*shape)
    made = indicator(Y, missing)
    columns = list(getattr(Y, "columns", range(made.shape[1])))
    if all(isinstance(column, int | np.integer) for column in columns):
        return made, np.array(columns)
    return made, np.array([str(column) for column in columns], object)


def read_true(Y, classes):  # noqa: N803
    """True label sets for scoring, as an indicator [rows, labels]; labels that are not in
    `classes` become additional columns.

    Args:
      Y: see `read`.
      classes: the labels of predictions, in order.
    """
    if not are_sets(Y):
        return indicator(Y, missing=True)
    others = sorted({label for row in Y for label in row} - set(classes), key=str)
    return _binarized(Y, [*classes, *others])[0]


def are_sets(Y):  # noqa: N803
    """Whether rows are sets of labels: sets, lists of strings, or lists of different lengths."""
    if sparse.issparse(Y) or hasattr(Y, "columns") or not hasattr(Y, "__len__"):
        return False
    if isinstance(Y, np.ndarray) and Y.ndim != 1:
        return False
    rows = list(Y)
    if any(isinstance(row, set | frozenset) for row in rows):
        return True
    if not rows or not all(isinstance(row, list | tuple | np.ndarray) for row in rows):
        return False
    lengths = {len(row) for row in rows}
    return lengths == {0} or len(lengths) > 1 or isinstance(rows[0][0], str)


def _check_size(rows, labels):
    """Checks that an indicator fits in memory.

    Raises:
      ValueError: it has more than `MOST` entries.
    """
    if rows * labels > MOST:
        raise ValueError(
            f"Y: {rows:,} rows of {labels:,} labels are more than {MOST:,} entries in memory: "
            "leave out rare labels, or train from shards, gin/own/sharded.gin"
        )


def _binarized(rows, classes=None):
    """(indicator, labels) of sets of labels, in the order of `classes` or sorted."""
    kinds = set()
    for number, row in enumerate(rows):
        if isinstance(row, str) or not hasattr(row, "__iter__"):
            raise ValueError(
                f"Y: row {number} is {row!r}, expected a set of labels, such as {{{row!r}}}"
            )
        kinds |= {_kind(label, number) for label in row}
        if len(set(row)) < len(row):
            raise ValueError(
                f"Y: row {number} has a label twice: expected a binary indicator matrix "
                "[rows, labels], whose rows have equal lengths, or a list of sets"
            )
    if len(kinds) > 1:
        raise ValueError("Y: some labels are text and some are numbers, expected one kind")
    if not kinds and classes is None:
        raise ValueError("Y: no row has a label")
    labels = {label for row in rows for label in row} if classes is None else classes
    _check_size(len(rows), len(labels))
    binarizer = MultiLabelBinarizer(classes=classes)
    made = binarizer.fit_transform(rows).astype(np.uint8)
    return made, binarizer.classes_


def _kind(label, row):
    """Whether a label is text or a number; a mix of both cannot be sorted."""
    if isinstance(label, str):
        return str
    if isinstance(label, numbers.Real) and math.isfinite(label):
        return numbers.Real
    raise ValueError(f"Y: row {row} has the label {label!r}, expected text or a number")
