"""Shared by Bibtex and Bookmarks (Katakis et al. 2008): documents as sets of words, labelled with
sets of tags."""

import hashlib
import pathlib

import numpy as np

from alen_tf.datasets.readers.arff import read_arff
from alen_tf.errors import DataError


def read(path, words, tags, rows=None):
    """Reads an ARFF file of `words` binary attributes followed by `tags` binary attributes.

    Returns:
      The `Relation`, all of its values 0 or 1.

    Raises:
      DataError: the file is malformed or has another size.
    """
    relation = read_arff(path)
    found_rows, found_columns = relation.values.shape
    if found_columns != words + tags:
        raise DataError(
            f"{path}: {found_columns} attributes, expected {words} words and {tags} tags"
        )
    if rows is not None and found_rows != rows:
        raise DataError(f"{path}: {found_rows:,} rows, expected {rows:,}: is the file complete?")
    if not np.all(relation.values.data == 1):
        raise DataError(f"{path}: words and tags are 0 or 1, but the file has other values")
    return relation


def manual_file(manual_dir, dataset, name, source):
    """The path of a file of a data set in the manual directory.

    Raises:
      DataError: it is missing; the message says where it was expected, where to get it and where to
        put it.
    """
    path = pathlib.Path(manual_dir).expanduser() / dataset / name
    if not path.is_file():
        raise DataError(f"{dataset}: {path} not found; get {name} from {source} and put it there")
    return path


def sha256(path):
    """A file's SHA-256 as hexadecimal digits."""
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def verify(path, expected):
    """Checks that a file's SHA-256 is `expected`.

    Raises:
      DataError: it differs.
    """
    found = sha256(path)
    if found != expected:
        raise DataError(
            f"{path}: checksum mismatch: SHA-256 is {found}, expected {expected}; delete the file "
            "and get it again"
        )
