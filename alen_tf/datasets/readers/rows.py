"""Rows to predict for: files of features, with or without labels."""

import pathlib

import numpy as np

from alen_tf.datasets.readers.opened import kind
from alen_tf.datasets.readers.preprocessing import Feature, Preprocessing
from alen_tf.datasets.readers.tables import READERS, plain, read_table
from alen_tf.datasets.readers.unnamed import SUFFIXES, read_libsvm, read_npz
from alen_tf.errors import DataError


def read_inputs(path, signature):
    """The inputs of a file, [rows, ...], float32, for a model with this `Signature`.

    Columns are matched by name with the features that the model was trained on, and preprocessed in
    the same way. If the model has no feature names, all columns except those with the name of a
    label are features, in order. If all names are numbers, as pandas writes for unnamed columns,
    all columns are features.

    Raises:
      DataError: the file cannot be read, or its features do not match the model.
    """
    suffix = pathlib.Path(path).suffix.lower()
    if suffix == ".npz":
        return read_npz(path, "x")
    if suffix in SUFFIXES:
        return read_libsvm(path, signature.input_shape[0])[0]
    _check_suffix(path, SUFFIXES)
    table = read_table(path)
    if signature.preprocessing:
        return signature.preprocessing(table)
    names = signature.feature_names or table.names
    if not signature.feature_names and not all(name.isdecimal() for name in table.names):
        labels = {plain(name) for name in signature.label_names}
        names = [name for name in table.names if plain(name) not in labels]
    return Preprocessing(tuple(map(Feature, names)))(table)


def read_known(path, signature):
    """Known labels from a file, [rows, ...], float32, NaN where unknown.

    An NPZ file has them in an array "known"; other files have columns with the names of some
    labels.

    Raises:
      DataError: the file cannot be read, or a column is not a label of the model.
    """
    if pathlib.Path(path).suffix.lower() == ".npz":
        return read_npz(path, "known")
    _check_suffix(path, (".npz",))
    table = read_table(path)
    names = {plain(name): name for name in signature.label_names}
    found = [names.get(plain(name), name) for name in table.names]
    values = [table.numbers(column, "0, 1 or nothing") for column in range(len(found))]
    return signature.known_columns(found, np.stack(values, axis=1), path)


def _check_suffix(path, others):
    if kind(path) not in READERS:
        raise DataError(f"{path}: not one of {', '.join((*READERS, *others))}")
