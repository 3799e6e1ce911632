"""Files without named columns, NPZ and libsvm, as examples."""

import numpy as np

from alen_tf.datasets.readers.labels import check_distinct, indicator, is_xml, xml_labels
from alen_tf.datasets.readers.opened import kind
from alen_tf.datasets.readers.unnamed import read_libsvm, read_npz
from alen_tf.datasets.splits import Examples
from alen_tf.errors import ConfigError, DataError, check_finite


def read_arrays(train, labels, test, divide):
    """Reads a training and a test file in NPZ or libsvm format, or one file for both.

    Args:
      train: the training file.
      labels: names of the labels of an NPZ file, or their number; None for a libsvm file.
      test: the test file; None for none.
      divide: see `read_tables`.

    Returns:
      (training, validation and test `Examples`; label names).

    Raises:
      ConfigError: names are given for a libsvm file, whose labels are numbers.
      DataError: a file is missing or malformed, or the files differ in features or labels.
    """
    examples, label_names = _read(train, labels)
    held_out = None
    if test is not None:
        held_out, names = _read(test, labels, examples.x.shape[1], label_names)
        if names != label_names or held_out.x.shape[1:] != examples.x.shape[1:]:
            raise DataError(
                f"{test}: its features and labels must be those of {train}, in the same order"
            )
    return divide(examples, held_out), label_names


def _read(path, labels, features=None, label_names=None):
    """Reads one file: (Examples, label names).

    Args:
      path: the file.
      labels: see `read_arrays`.
      features: number of features of the training file, where this is the test file.
      label_names: its label names, likewise.
    """
    if kind(path) == ".npz":
        examples = Examples(_matrix(path, "x"), _matrix(path, "y"))
        label_names = _names_of(path, examples.y.shape[1], labels)
        check_distinct(label_names, path)
        if len(examples.x) != len(examples.y):
            raise DataError(f"{path}: {len(examples.x)} rows in x, but {len(examples.y)} in y")
        _check_binary(examples.y, label_names, path)
    else:
        if labels is not None:
            raise ConfigError(f"{path} has numbers for labels: leave out files.labels")
        x, numbers = read_libsvm(path, features)
        numbers = [[np.format_float_positional(n, trim="-") for n in row] for row in numbers]
        known = label_names or sorted({n for row in numbers for n in row}, key=float)
        label_names = tuple(known)
        examples = Examples(
            x, indicator(numbers, label_names, lambda row: f"{path}: row {row + 1}")
        )
    if not label_names:
        raise DataError(f"{path}: has no labels")
    check_finite(examples.x, path)
    return Examples(examples.x, examples.y.astype(np.uint8)), label_names


def _matrix(path, name):
    """The array `name` of an NPZ file, [rows, columns]."""
    array = read_npz(path, name)
    if array.ndim != 2 or (name == "x" and not array.shape[1]):
        raise DataError(f"{path}: {name!r} has shape {array.shape}, expected [rows, columns]")
    return array


def _names_of(path, count, names):
    """A name for each of `count` unnamed labels: those of a list, or "0", "1", ..."""
    if names is None or names == count:
        return tuple(map(str, range(count)))
    if isinstance(names, str):
        names = xml_labels(names) if is_xml(names) else (names,)
    found = names if isinstance(names, int) else len(names)
    if found != count:
        raise DataError(f"{path}: {count} labels in y, but {found} in files.labels")
    return tuple(names)


def _check_binary(y, names, path):
    """Checks that labels, [rows, labels], are 0 or 1."""
    wrong = np.argwhere((y != 0) & (y != 1))
    if len(wrong):
        row, column = wrong[0]
        raise DataError(
            f"{path}: row {row + 1}: labels are 0 or 1, but {names[column]!r} is {y[row, column]}"
        )
