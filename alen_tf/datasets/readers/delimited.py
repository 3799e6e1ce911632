"""Files of delimited values: CSV and TSV, with a header."""

import csv
import io

import numpy as np
import pandas as pd

from alen_tf.datasets.readers.cells import MISSING, NUMERAL
from alen_tf.datasets.readers.opened import kind, lines, opened
from alen_tf.datasets.readers.unnamed import LARGEST_ARRAY
from alen_tf.errors import DataError, shortened

DELIMITERS = ",;\t|"


def read_delimited(path):
    """Reads a table. The delimiter is the one that splits the header into the most names: a comma,
    a semicolon, a tab or a bar; in a `.tsv` file a tab.

    Blanks after a delimiter are ignored. With semicolons, numbers may have decimal commas.

    Returns:
      (names, `pandas.DataFrame` with a column for each, the last line of each row).

    Raises:
      DataError: the file cannot be read, or a row has more or fewer cells than the header.
    """
    delimiter = "\t" if kind(path) == ".tsv" else _delimiter(path)
    try:
        # Checked first, because pandas pads short rows and truncates long ones.
        names, ends = _shape(path, delimiter)
        with opened(path, newline="") as file:
            frame = pd.read_csv(
                file,
                sep=delimiter,
                header=0,
                names=range(len(names)),
                index_col=False,
                skipinitialspace=True,
                keep_default_na=False,
                na_values=MISSING,
                low_memory=False,
            )
    except (csv.Error, ValueError, OverflowError) as error:
        raise DataError(f"{path}: not a CSV file: {str(error).splitlines()[0]}") from error
    if len(frame) != len(ends):
        raise DataError(f"{path}: not a CSV file: its quotes or line ends split rows ambiguously")
    if delimiter == ";":
        for name in frame.columns[[dtype.kind not in "biuf" for dtype in frame.dtypes]]:
            frame[name] = frame[name].replace(r"^([+-]?\d*),(\d+)\s*$", r"\1.\2", regex=True)
    return names, frame, ends


def _delimiter(path):
    with opened(path, newline="") as file:
        start = file.read(2**16)

    def names(delimiter):
        rows = csv.reader(io.StringIO(start), delimiter=delimiter, skipinitialspace=True)
        return len(next(filter(None, rows), ()))

    try:
        return max(DELIMITERS, key=names)
    except csv.Error as error:
        raise DataError(f"{path}: not a CSV file: {error}") from error


def _shape(path, delimiter):
    """The names in the header, and the last line of each row, all of them as long as the header."""
    ends = []
    with opened(path, newline="") as file:
        rows = csv.reader(_without_nul(file, path), delimiter=delimiter, skipinitialspace=True)
        names = tuple(name.strip() for name in next(filter(None, rows), ()))
        most = LARGEST_ARRAY // max(1, len(names))
        for row in filter(None, rows):
            if len(row) != len(names):
                raise DataError(
                    f"{path}:{rows.line_num}: {len(row)} values, expected {len(names)} as in the "
                    "header"
                )
            ends.append(rows.line_num)
            if len(ends) > most:
                raise DataError(f"{path}: more than {LARGEST_ARRAY:,} cells")
    if all(map(NUMERAL.fullmatch, names)) and not all(map(str.isdecimal, names)):
        raise DataError(f"{path}: has no header: its first row is {shortened(names)}")
    if not ends:
        raise DataError(f"{path}: expected a header and rows, found 0 rows")
    return names, np.asarray(ends)


def _without_nul(file, path):
    for number, line in enumerate(lines(file, path), 1):
        if "\0" in line:
            raise csv.Error(f"line {number} contains NUL")
        yield line
