"""Attribute-relation files (ARFF), dense or sparse, read by liac-arff."""

import dataclasses
import pathlib
import re
from array import array

import arff
import numpy as np
from scipy import sparse

from alen_tf.errors import DataError

LARGEST = float(np.finfo(np.float32).max)  # what a float32 holds


@dataclasses.dataclass(frozen=True)
class Relation:
    """The content of an ARFF file: attribute names and a matrix [rows, attributes], float32."""

    names: tuple[str, ...]
    values: sparse.csr_matrix


def read_arff(path):
    """Reads a file whose attributes are numeric, or nominal with numbers as names, such as {0, 1}.

    Raises:
      DataError: the file cannot be read, is malformed, or has a value that is not a finite number;
        the message names file and line.
    """
    path = pathlib.Path(path)
    try:
        layout = arff.LOD_GEN if _is_sparse(path) else arff.DENSE_GEN
        with path.open(encoding="utf-8", errors="replace") as file:
            lines = _Numbered(file)
            relation = arff.load(lines, return_type=layout)
            columns, values, ends = array("i"), array("f"), array("q", [0])
            for row in relation["data"]:
                items = row.items() if layout == arff.LOD_GEN else enumerate(row)
                if row and len(row) != lines.text.count(",") + 1:
                    raise ValueError(
                        "an attribute occurs twice, or the row is sparse in a dense file"
                    )
                for column, value in items:
                    value = float(value)
                    if not abs(value) <= LARGEST:
                        raise ValueError(f"{value} is not a finite number of 32 bits")
                    columns.append(column)
                    values.append(value)
                ends.append(len(columns))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except (
        arff.ArffException,
        ValueError,
        TypeError,
        LookupError,
        RuntimeError,
        OverflowError,
    ) as error:
        raise DataError(f"{path}:{lines.number}: malformed ARFF: {_reason(error)}") from error
    names = tuple(name for name, _ in relation["attributes"])
    shape = (len(ends) - 1, len(names))
    matrix = sparse.csr_matrix(
        (np.asarray(values), np.asarray(columns), np.asarray(ends)), shape=shape
    )
    matrix.eliminate_zeros()
    return Relation(names, matrix)


class _Numbered:
    """The lines of a file, and the line that was handed out last."""

    def __init__(self, file):
        self._file = file
        self.number = 0
        self.text = ""

    def __iter__(self):
        for line in self._file:
            self.number += 1
            self.text = line
            yield line


def _is_sparse(path):
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.strip().lower().startswith("@data"):
                break
        rows = (line.strip() for line in file)
        return next((row for row in rows if row and not row.startswith("%")), "").startswith("{")


def _reason(error):
    """What liac-arff says, without its own, uncounted line number."""
    if isinstance(error, TypeError):
        return "missing values (?) are not supported"
    try:
        text = str(error)
    except (
        TypeError,
        ValueError,
    ):  # liac-arff formats messages that may have a per cent sign of the file's
        text = error.message
    text = text.splitlines()[0] if text else type(error).__name__
    return re.sub(r",? (at|in) line (-1|%d)", "", text).rstrip(".")
