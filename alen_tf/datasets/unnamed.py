"""Files whose columns have no names: NPZ and libsvm."""

import pathlib
import zipfile

import numpy as np
from sklearn.datasets import load_svmlight_file

from alen_tf.errors import DataError

SUFFIXES = (".npz", ".svm", ".libsvm")


def read_npz(path, name):
    """The array `name` of an NPZ file, [rows, ...], as float32.

    Raises:
      DataError: the file cannot be read, or has no such array of numbers.
    """
    try:
        # Opened here: NumPy leaves a damaged file open.
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            if name not in arrays:
                raise DataError(
                    f"{path}: no array {name!r}; it has {', '.join(arrays) or 'none at all'}"
                )
            array = arrays[name].astype(np.float32)
    except FileNotFoundError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except (OSError, ValueError, TypeError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: not an NPZ file of numbers: {error or 'truncated'}") from error
    if array.ndim < 2:
        raise DataError(f"{path}: {name!r} has shape {array.shape}, expected a row per example")
    return array


def read_libsvm(path, features=None):
    """Reads a libsvm file with any number of labels per row: `1,3 1:0.5 7:2`.

    Args:
      path: the file; features are counted from 1.
      features: number of features; the largest index by default.

    Returns:
      (inputs [rows, features], the numbers of the labels of each row).

    Raises:
      DataError: the file cannot be read or is malformed, or has more features.
    """
    try:
        x, labels = load_svmlight_file(
            str(pathlib.Path(path)),
            n_features=features,
            multilabel=True,
            zero_based=False,
            dtype=np.float32,
        )
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, OverflowError) as error:
        raise DataError(f"{path}: malformed libsvm: {error}") from error
    return x.toarray(), labels
