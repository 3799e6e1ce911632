"""Files of named numeric columns: ARFF, CSV and Parquet."""

import collections
import csv
import dataclasses
import math
import pathlib
import re

import numpy as np

from alen_tf.datasets.readers.arff import LARGEST, read_arff
from alen_tf.datasets.splits import Examples
from alen_tf.errors import DataError

UNKNOWN = ("", "?", "nan")  # what a CSV file may say of a value that is not known


@dataclasses.dataclass(frozen=True)
class Table:
    """Columns of a file.

    Attributes:
      source: the file, for messages.
      names: a name per column.
      values: [rows, columns], float32; NaN where a CSV or Parquet file has no value.
    """

    source: str
    names: tuple[str, ...]
    values: np.ndarray

    def columns(self, names, what):
        """The numbers of the columns with these names; quotes and escapes make no difference.

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
                f"{self.source}: no attribute is named like the {what} {missing[0]!r}{more}"
            )
        return [found[plain(name)] for name in names]

    def split(self, labels):
        """Parts labels and features.

        Args:
          labels: the names of the labels, or how many of the last columns are labels.

        Returns:
          (Examples, label names, feature names); inputs are uint8 where all of them are 0 or 1,
          else float32.

        Raises:
          DataError: there are no such labels, or they have other values than 0 and 1.
        """
        if isinstance(labels, int):
            labels = self.names[max(0, len(self.names) - labels) :]
        check_distinct(labels, self.source)
        chosen = self.columns(labels, "label")
        if not 0 < len(chosen) < len(self.names):
            raise DataError(
                f"{self.source}: {len(chosen)} labels of {len(self.names)} attributes, expected "
                "both labels and features"
            )
        rest = np.setdiff1d(np.arange(len(self.names)), chosen)
        x, y = self.values[:, rest], self.values[:, chosen]
        check_binary(y, labels, self.source)
        x = x.astype(np.uint8) if np.all((x == 0) | (x == 1)) else x
        features = tuple(self.names[column] for column in rest)
        return Examples(x, y.astype(np.uint8)), tuple(labels), features


def check_distinct(labels, source):
    """Checks that no label is named twice.

    Raises:
      DataError: one is.
    """
    if repeated := _repeated(labels):
        raise DataError(f"{source}: {repeated[0]!r} is named twice as a label")


def check_binary(y, names, source):
    """Checks that labels, [rows, labels], are 0 or 1.

    Raises:
      DataError: they are not; the message names row and label.
    """
    wrong = np.argwhere((y != 0) & (y != 1))
    if len(wrong):
        row, column = wrong[0]
        raise DataError(
            f"{source}: row {row + 1}: labels are 0 or 1, but {names[column]!r} is {y[row, column]}"
        )


def read_table(path):
    """Reads an ARFF, CSV (with a header) or Parquet file, which its suffix tells apart.

    Raises:
      DataError: the file cannot be read, is malformed or has values that are not numbers.
    """
    suffix = pathlib.Path(path).suffix.lower()
    if suffix not in READERS:
        raise DataError(f"{path}: a {suffix or 'nameless'} file is none of {', '.join(READERS)}")
    names, values = READERS[suffix](path)
    if repeated := _repeated(names):
        raise DataError(f"{path}: {len(repeated)} names are not unique, such as {repeated[0]!r}")
    if "" in names:
        column = names.index("") + 1
        raise DataError(f"{path}: column {column} has no name; an index of rows is no feature")
    return Table(str(path), names, values)


def _read_arff(path):
    relation = read_arff(path)
    return relation.names, relation.values.toarray()


def _read_csv(path):
    try:
        with pathlib.Path(path).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            names = tuple(next(reader, ()))
            rows = [_numbers(row, names, f"{path}:{reader.line_num}") for row in reader if row]
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not a CSV file in UTF-8: {error}") from error
    if not names or not rows:
        raise DataError(f"{path}: expected a header and rows, found {len(rows)} rows")
    return names, np.asarray(rows, np.float32)


def _numbers(row, names, place):
    if len(row) != len(names):
        raise DataError(f"{place}: {len(row)} values, expected {len(names)} as in the header")
    values = []
    for name, text in zip(names, row, strict=True):
        try:
            known = text.strip().lower() not in UNKNOWN
            values.append(float(text) if known else math.nan)
        except ValueError as error:
            raise DataError(f"{place}: {name!r} is {text!r}, expected a number") from error
        if known and not abs(values[-1]) <= LARGEST:
            raise DataError(f"{place}: {name!r} is {text!r}, not a finite number of 32 bits")
    return values


def _read_parquet(path):
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise DataError(f"{path}: Parquet needs pyarrow: pip install 'alen_tf[parquet]'") from error
    try:
        table = parquet.read_table(path)
        table = table.drop_columns([name for name in table.column_names if _INDEX.match(name)])
        columns = [column.to_numpy() for column in table.columns]
        return tuple(table.column_names), np.stack(columns, axis=1).astype(np.float32)
    except (OSError, ArrowException, ValueError, TypeError) as error:
        raise DataError(
            f"{path}: not a Parquet file of numbers: {str(error).splitlines()[0]}"
        ) from error


READERS = {".arff": _read_arff, ".csv": _read_csv, ".parquet": _read_parquet}


# How pandas names an index of rows that it writes beside the columns.
_INDEX = re.compile(r"__index_level_\d+__")


def _repeated(names):
    return sorted(name for name, count in collections.Counter(names).items() if count > 1)


def plain(name):
    """A name without quotes and escapes: ARFF and XML files of one source escape differently."""
    return name.strip("'\"").replace("\\", "")
