"""Files whose columns have no names: NPZ and libsvm."""

import math
import pathlib
import tokenize
import warnings
import zipfile
import zlib

import numpy as np

from alen_tf.datasets.readers.libsvm_parts import parse
from alen_tf.errors import DataError

SUFFIXES = (".npz", ".svm", ".libsvm")
# Limit on the numbers in an array: a few bytes of NPZ or libsvm can claim any size.
LARGEST_ARRAY = 2**30
# Rows of this many numbers stay sparse where a tenth of them, or fewer, are stored.
LARGE, SPARSE = 2**26, 0.1
MOST_FEATURES = 2**24  # of sparse rows: a model has a weight for each


def read_npz(path, name):
    """The array `name` of an NPZ file, [rows, ...], as float32.

    Raises:
      DataError: the file cannot be read, or has no such array of numbers.
    """
    try:
        # Opened here, because NumPy leaves a damaged file open.
        with (
            open(path, "rb") as file,
            np.load(file, allow_pickle=False) as arrays,
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")  # about headers that Python 2 wrote
            if name not in arrays:
                raise DataError(
                    f"{path}: no array {name!r}; it has {', '.join(arrays) or 'none at all'}"
                )
            _check_header(arrays.zip, name)
            with np.errstate(over="ignore"):  # infinity is reported where it matters
                array = arrays[name].astype(np.float32)
    except FileNotFoundError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except _DAMAGED as error:
        raise DataError(f"{path}: not an NPZ file of numbers: {error or 'truncated'}") from error
    if array.ndim < 2:
        raise DataError(f"{path}: {name!r} has shape {array.shape}, expected a row per example")
    return array


def _check_header(archive, name):
    """Checks an array of an NPZ file before memory is allocated.

    Raises:
      ValueError: it does not hold numbers, is too large, or differs from the size that it claims.
    """
    info = archive.getinfo(name if name in archive.namelist() else f"{name}.npy")
    with archive.open(info) as file:
        version = np.lib.format.read_magic(file)
        if version not in _HEADERS:
            raise ValueError(f"format {version} is unknown")
        shape, _, kind = _HEADERS[version](file)
        size = math.prod(shape)
        if kind.kind not in "biuf":
            raise ValueError(f"{name!r} holds {kind}")
        if size > LARGEST_ARRAY:
            raise ValueError(f"{name!r} has {size:,} numbers, more than {LARGEST_ARRAY:,}")
        if file.tell() + size * kind.itemsize != info.file_size:
            raise ValueError(f"{name!r} claims shape {shape}, but has another size")


_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
# Errors of Python's zipfile and NumPy for files that they cannot read.
_DAMAGED = (
    OSError,
    ValueError,
    TypeError,
    EOFError,
    AttributeError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    SyntaxError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


def read_libsvm(path, features=None):
    """Reads a libsvm file with any number of labels per row: `1,3 1:0.5 7:2`.

    Args:
      path: the file; features are counted from 1.
      features: number of features; the largest index by default.

    Returns:
      (inputs [rows, features], an array, or a CSR matrix if they are many and mostly zeros; the
      label numbers of each row).

    Raises:
      DataError: the file cannot be read or is malformed, or has more features.
    """
    try:
        x, labels = parse(str(pathlib.Path(path)), path, features)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    size = math.prod(x.shape)
    if size > LARGE and x.nnz <= SPARSE * size and x.shape[1] <= MOST_FEATURES:
        return x, labels
    if size > LARGEST_ARRAY:
        raise DataError(
            f"{path}: {x.shape[0]:,} rows of {x.shape[1]:,} features are more than "
            f"{LARGEST_ARRAY:,} numbers"
        )
    return x.toarray(), labels
