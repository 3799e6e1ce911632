"""A user's own files as a data set: ARFF, CSV, Parquet, NPZ or libsvm."""

import os
import pathlib

import gin
import numpy as np

from alen_tf.datasets.readers.labelled_arff import xml_labels
from alen_tf.datasets.readers.tables import READERS, check_binary, check_distinct, read_table
from alen_tf.datasets.readers.unnamed import SUFFIXES, read_libsvm, read_npz
from alen_tf.datasets.splits import Examples, Splits, three_splits
from alen_tf.errors import ConfigError, DataError, check_count, check_finite, shortened


@gin.register
def files(
    train=None,
    labels=None,
    test=None,
    validation_fraction=0.2,
    test_fraction=0.2,
    seed=0,
    manual_dir=None,
    data_dir=None,
):
    """Loads a user's files, which their suffixes tell apart.

    Args:
      train: the training file: `.arff`, `.csv` or `.parquet` with named columns, `.npz` with arrays
        "x" and "y", or `.svm` or `.libsvm` with numbers of labels.
      labels: which columns of named ones are labels: a list of names, how many of the last columns,
        or the path of a Mulan XML file. Of the labels of an NPZ file these are the names.
      test: the test file, of the same format.
      validation_fraction: share of the training rows held out for validation.
      test_fraction: without a test file, the share of rows that is held out for the test first.
      seed: of what is held out.
      manual_dir, data_dir: not used; paths are relative to the working directory.

    Raises:
      ConfigError: there is no `train`, or it needs `labels`.
      DataError: a file is missing or malformed, or cannot be learned from.
    """
    del manual_dir, data_dir
    if train is None:
        raise ConfigError("name the file to learn from: --gin_param=\"files.train = 'FILE'\"")
    _check_path("files.train", train)
    if test is not None:
        _check_path("files.test", test)
    _check_labels(labels)
    examples, label_names, feature_names = _read(train, labels)
    held_out = None
    if test is not None:
        held_out, *names = _read(test, labels, examples.x.shape[1], label_names)
        if names != [label_names, feature_names] or held_out.x.shape[1:] != examples.x.shape[1:]:
            raise DataError(f"{test}: its features and labels are not those of {train}, in order")
    splits = three_splits(train, examples, None, held_out, validation_fraction, test_fraction, seed)
    never = [label_names[label] for label in np.flatnonzero(~examples.y.any(axis=0))]
    if never:
        raise DataError(f"{train}: no row has the label {shortened(never)}: leave it out")
    name = pathlib.Path(train).stem
    return Splits(name, *splits, label_names, feature_names)


def _check_path(name, path):
    if not isinstance(path, str | os.PathLike):
        raise ConfigError(f"{name} is {path!r}, expected the path of a file, in quotes")


def _check_labels(labels):
    if isinstance(labels, tuple | list):
        if not labels or not all(isinstance(name, str) for name in labels):
            raise ConfigError(f"files.labels is {labels!r}, expected names, each in quotes")
    elif labels is not None and not isinstance(labels, str):
        check_count("files.labels", labels)


def _read(path, labels, features=None, label_names=None):
    """Reads one file: (Examples, label names, feature names, empty where there are none).

    Args:
      path: the file.
      labels: see `files`.
      features: number of features of the training file, where this is the test file.
      label_names: its label names, likewise.
    """
    suffix = pathlib.Path(path).suffix.lower()
    if suffix not in (*READERS, *SUFFIXES):
        raise DataError(f"{path}: not one of {', '.join((*READERS, *SUFFIXES))}")
    feature_names = ()
    names = xml_labels(labels) if isinstance(labels, str) else labels
    if suffix in READERS:
        if names is None:
            raise ConfigError(f"say which columns of {path} are labels: files.labels = ...")
        examples, label_names, feature_names = read_table(path).split(names)
    elif suffix == ".npz":
        examples = Examples(_matrix(path, "x"), _matrix(path, "y"))
        label_names = _names_of(path, examples.y.shape[1], names)
        check_distinct(label_names, path)
        if len(examples.x) != len(examples.y):
            raise DataError(f"{path}: {len(examples.x)} rows in x, but {len(examples.y)} in y")
        check_binary(examples.y, label_names, path)
    else:
        if names is not None:
            raise ConfigError(f"{path} has numbers for labels: leave files.labels out")
        x, numbers = read_libsvm(path, features)
        numbers = [[np.format_float_positional(n, trim="-") for n in row] for row in numbers]
        known = label_names or sorted({n for row in numbers for n in row}, key=float)
        label_names = tuple(known)
        examples = Examples(x, _indicator(path, numbers, label_names))
    if not label_names:
        raise DataError(f"{path}: has no labels")
    check_finite(examples.x, path)
    return Examples(examples.x, examples.y.astype(np.uint8)), label_names, feature_names


def _matrix(path, name):
    """The array `name` of an NPZ file, [rows, columns]."""
    array = read_npz(path, name)
    if array.ndim != 2 or (name == "x" and not array.shape[1]):
        raise DataError(f"{path}: {name!r} has shape {array.shape}, expected [rows, columns]")
    return array


def _names_of(path, count, names):
    """A name for each of `count` labels without names: those of a list, or "0", "1", ..."""
    if names is None or names == count:
        return tuple(map(str, range(count)))
    found = names if isinstance(names, int) else len(names)
    if found != count:
        raise DataError(f"{path}: {count} labels in y, but {found} in files.labels")
    return tuple(names)


def _indicator(path, numbers, label_names):
    """[rows, labels] in {0, 1} of rows of label names."""
    columns = {name: column for column, name in enumerate(label_names)}
    y = np.zeros((len(numbers), len(columns)), np.uint8)
    for row, names in enumerate(numbers):
        for name in names:
            if name not in columns:
                raise DataError(f"{path}: row {row + 1}: no training row has the label {name}")
            y[row, columns[name]] = 1
    return y
