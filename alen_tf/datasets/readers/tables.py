"""Files of named columns: ARFF, CSV, TSV, JSON lines, Parquet and Excel."""

import collections
import dataclasses

import numpy as np
import pandas as pd

from alen_tf.datasets.readers import cells
from alen_tf.datasets.readers.arff import LARGEST, read_arff
from alen_tf.datasets.readers.delimited import read_delimited
from alen_tf.datasets.readers.excel import read_excel
from alen_tf.datasets.readers.json_lines import read_json_lines
from alen_tf.datasets.readers.opened import kind
from alen_tf.datasets.readers.parquet import read_parquet
from alen_tf.errors import DataError, shortened


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """Columns of a file, whose cells can be read as numbers or as text.

    Attributes:
      source: the file, for messages.
      names: a name per column.
      frame: `pandas.DataFrame` with columns 0, 1, ... of any type, NaN where a cell is missing.
      lines: the line of each row; None where rows have no lines.
      nominal: the indices of the columns that the file declares to be categories.
    """

    source: str
    names: tuple[str, ...]
    frame: pd.DataFrame
    lines: np.ndarray | None = None
    nominal: frozenset[int] = frozenset()

    def __len__(self):
        return len(self.frame)

    def place(self, row):
        """The place of a row, for messages: "FILE:LINE", or "FILE: row NUMBER"."""
        if self.lines is None:
            return f"{self.source}: row {row + 1}"
        return f"{self.source}:{self.lines[row]}"

    def columns(self, names, what):
        """The indices of the columns with these names; quotes and escapes are ignored.

        Args:
          names: the names.
          what: "label" or "feature", for messages.

        Raises:
          DataError: the table has no such column.
        """
        found = {plain(name): column for column, name in enumerate(self.names)}
        missing = [name for name in names if plain(name) not in found]
        if missing:
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise DataError(
                f"{self.source}: has no {what} {missing[0]!r}{more}; "
                f"its columns are {shortened(self.names)}"
            )
        return [found[plain(name)] for name in names]

    def holds_numbers(self, column):
        """Whether a column holds numbers; see `cells.holds_numbers`."""
        return cells.holds_numbers(self.frame[column])

    def text(self, column):
        """The cells of a column as text, [rows], None where they are missing."""
        return cells.as_text(self.frame[column])

    def numbers(self, column, expected="a number"):
        """The cells of a column as numbers, [rows], float32, NaN where they are missing.

        Args:
          column: its index.
          expected: what errors expect in place of a cell that is not a number.

        Raises:
          DataError: a cell is not a number, or exceeds the range of float32.
        """
        values, wrong = cells.as_numbers(self.frame[column])
        wrong |= np.abs(values) > LARGEST
        if wrong.any():
            row = np.flatnonzero(wrong)[0]
            if not np.isnan(values[row]):
                expected = "a finite 32-bit number"
            text = cells.as_text(self.frame[column].iloc[row : row + 1])[0]
            raise DataError(
                f"{self.place(row)}: {self.names[column]!r} is {text!r}, expected {expected}"
            )
        return values.astype(np.float32)


def read_table(path):
    """Reads a file of named columns, by its suffix.

    Raises:
      DataError: the file cannot be read or is malformed.
    """
    suffix = kind(path)
    if suffix not in READERS:
        raise DataError(
            f"{path}: cannot read a {suffix or 'nameless'} file; expected {', '.join(READERS)}"
        )
    names, frame, *rest = READERS[suffix](path)
    if repeated := repetitions(names):
        raise DataError(
            f"{path}: {len(repeated)} column names are not unique, such as {repeated[0]!r}"
        )
    if "" in names:
        column = names.index("") + 1
        raise DataError(f"{path}: column {column} has no name; an index of rows is not a feature")
    return Table(str(path), names, frame, *rest)


def _read_arff(path):
    relation = read_arff(path)
    values = relation.values.toarray()
    columns = dict(enumerate(values.T))
    for column, words in relation.words.items():
        codes = np.where(np.isnan(columns[column]), -1, columns[column]).astype(int)
        columns[column] = np.array([*words, None], object)[codes]
    return relation.names, pd.DataFrame(columns), relation.lines, relation.nominal


READERS = {
    ".arff": _read_arff,
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".jsonl": read_json_lines,
    ".parquet": read_parquet,
    ".xlsx": read_excel,
}


def repetitions(names):
    """The names that occur more than once, in order."""
    return sorted(name for name, count in collections.Counter(names).items() if count > 1)


def plain(name):
    """A name without quotes and escapes: ARFF and XML files from the same source escape
    differently."""
    return name.strip("'\"").replace("\\", "")
