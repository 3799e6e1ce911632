"""The first sheet of an Excel workbook, with a header."""

import os
import warnings
import zipfile

import numpy as np
import pandas as pd

from alen_tf.errors import DataError

# Limits on the uncompressed size of a workbook: in bytes, and as a multiple of its compressed size.
LARGEST_SMALL = 2**26
LARGEST_RATIO = 100


def read_excel(path):
    """Reads a table; rows without any value are left out.

    Returns:
      (names, `pandas.DataFrame` with a column for each, the line of each row).

    Raises:
      DataError: the file cannot be read, or a row is longer than the header.
    """
    try:
        import openpyxl
    except ImportError as error:
        raise DataError(f"{path}: Excel needs openpyxl: pip install 'alen_tf[excel]'") from error
    try:
        with open(path, "rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about content other than values: validations, styles
            size = sum(part.file_size for part in zipfile.ZipFile(file).infolist())
            if size > max(LARGEST_SMALL, LARGEST_RATIO * os.fstat(file.fileno()).st_size):
                raise ValueError(
                    f"it is {size:,} bytes uncompressed, too many for its compressed size"
                )
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # which some programs write incorrectly
            names, rows, lines = None, [], []
            for line, row in enumerate(sheet.iter_rows(values_only=True), 1):
                row = _trimmed(row)
                if not row:
                    continue
                if names is None:
                    names = tuple("" if name is None else str(name).strip() for name in row)
                    continue
                if len(row) > len(names):
                    raise DataError(
                        f"{path}:{line}: {len(row)} values, expected {len(names)} as in the header"
                    )
                rows.append(row + (None,) * (len(names) - len(row)))
                lines.append(line)
    except DataError:
        raise
    except FileNotFoundError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except Exception as error:  # openpyxl raises many kinds of errors
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise DataError(f"{path}: not an Excel workbook: {reason}") from error
    if not rows:
        raise DataError(f"{path}: expected a header and rows, found 0 rows in the first sheet")
    return names, pd.DataFrame(rows, dtype=object).infer_objects(), np.asarray(lines)


def _trimmed(row):
    """A row without the empty cells at its end."""
    used = [column for column, cell in enumerate(row) if cell is not None]
    return tuple(row[: used[-1] + 1]) if used else ()
