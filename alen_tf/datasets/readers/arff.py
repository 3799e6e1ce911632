"""Attribute-relation files (ARFF), dense or sparse, read by liac-arff."""

import dataclasses
import math
import re
from array import array

import arff
import numpy as np
from scipy import sparse

from alen_tf.datasets.readers.cells import WORDS
from alen_tf.datasets.readers.opened import lines, opened
from alen_tf.errors import DataError

LARGEST = float(np.finfo(np.float32).max)  # the range of float32


@dataclasses.dataclass(frozen=True)
class Relation:
    """The content of an ARFF file.

    Attributes:
      names: of the attributes.
      values: [rows, attributes], float32; NaN where a value is missing ("?"), and for an attribute
        with words, the index of the word.
      words: for each attribute that has them, the words of its values: names in order of
        declaration, strings in order of occurrence.
      nominal: the attributes with declared words, except for true and false.
      lines: the line of each row.
    """

    names: tuple[str, ...]
    values: sparse.csr_matrix
    words: dict[int, tuple[str, ...]]
    nominal: frozenset[int]
    lines: np.ndarray


def read_arff(path):
    """Reads a file whose attributes are numeric, nominal or strings.

    Nominal attributes with numbers as names, such as {0, 1}, are numeric.

    Raises:
      DataError: the file cannot be read, is malformed, or has a number that is not finite; the
        message names file and line.
    """
    text = _Numbered(())
    try:
        is_sparse = _is_sparse(path)
        with opened(path, errors="replace") as file:
            text = _Numbered(lines(file, path))
            relation = arff.load(text, return_type=arff.LOD_GEN if is_sparse else arff.DENSE_GEN)
            words, nominal = _words([kind for _, kind in relation["attributes"]])
            columns, values, ends, numbers = array("i"), array("f"), array("q", [0]), array("q")
            for row in relation["data"]:
                row = row if is_sparse else dict(enumerate(row))
                _check(row, text.line)
                for column, value in row.items():
                    columns.append(column)
                    values.append(_number(value, words.get(column)))
                ends.append(len(columns))
                numbers.append(text.number)
    except (
        arff.ArffException,
        ValueError,
        TypeError,
        LookupError,
        RuntimeError,
        OverflowError,
    ) as error:
        raise DataError(f"{path}:{text.number}: malformed ARFF: {_reason(error)}") from error
    shape = (len(numbers), len(relation["attributes"]))
    matrix = sparse.csr_matrix(
        (np.asarray(values), np.asarray(columns), np.asarray(ends)), shape=shape
    )
    matrix.eliminate_zeros()
    return Relation(
        tuple(name for name, _ in relation["attributes"]),
        matrix,
        {column: tuple(codes) for column, codes in words.items()},
        nominal,
        np.asarray(numbers),
    )


def _words(kinds):
    """The codes of words by attribute, and the attributes that are nominal in `Relation`.

    Args:
      kinds: by attribute "STRING", the type of a number, or a list of names, None for "?".
    """
    words, nominal = {}, set()
    for column, kind in enumerate(kinds):
        if kind == "STRING":
            words[column] = {}
        elif isinstance(kind, list):
            names = [name for name in kind if name is not None]
            if not _numeric(names):
                words[column] = {name: code for code, name in enumerate(names)}
                if not all(name.lower() in WORDS for name in names):
                    nominal.add(column)
    return words, frozenset(nominal)


def _numeric(names):
    """Whether the names of a nominal attribute are numbers."""
    try:
        return all(math.isfinite(float(name)) for name in names)
    except ValueError:
        return False


def _number(value, codes):
    """A value as a number; a word becomes its code, and a new word gets a new code."""
    if value is None:
        return math.nan
    if codes is not None:
        return codes.setdefault(value, len(codes))
    value = float(value)
    if not abs(value) <= LARGEST:
        raise ValueError(f"{value} is not a finite 32-bit number")
    return value


class _Numbered:
    """Lines, with the last one returned and its number."""

    def __init__(self, lines):
        self._lines = lines
        self.number = 0
        self.line = ""

    def __iter__(self):
        for line in self._lines:
            self.number += 1
            if line.startswith("@"):
                line = line.replace("\t", " ")  # where liac-arff finds no name
            self.line = line
            yield line


def _is_sparse(path):
    with opened(path, errors="replace") as file:
        text = (line.strip() for line in lines(file, path))
        for line in text:
            if line.lower().startswith("@data"):
                break
        return next((row for row in text if row and not row.startswith("%")), "").startswith("{")


def _check(row, line):
    """Checks that liac-arff has not lost any of a row's values.

    Args:
      row: values by column.
      line: the line that they were read from.

    Raises:
      ValueError: values are missing.
    """
    if row and len(row) != _QUOTED.sub("", line).count(",") + 1:
        raise ValueError("an attribute occurs twice, or the row is sparse in a dense file")
    if None in row.values() and "?" not in line:
        raise ValueError("a value is empty; where it is missing, write ?")


_QUOTED = re.compile(r"""(["'])(?:\\.|(?!\1).)*\1""")


def _reason(error):
    """The message of liac-arff, without its own, wrong line number."""
    try:
        text = str(error)
    except (
        TypeError,
        ValueError,
    ):  # liac-arff formats messages that may contain a per cent sign from the file
        text = error.message
    text = text.splitlines()[0] if text else type(error).__name__
    text = re.sub(r",? (at|in) line (-1|[0-9]+|%d)", "", text).rstrip(".")
    if isinstance(error, arff.BadAttributeType):
        text += ", expected numeric, real, integer, string or {names}"
    return text
