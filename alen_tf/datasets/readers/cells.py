"""The content of a table's cell: a number, yes or no, a date, other text, or nothing."""

import numbers
import re

import numpy as np
import pandas as pd

MISSING = (
    *("", "?", "NA", "na", "N/A", "n/a", "NaN", "nan", "NAN", "null", "NULL", "Null"),
    *("<NA>", "#N/A"),
)
WORDS = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}  # upper or lower case

NUMERAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?inf(inity)?", re.I)
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DATE = re.compile(
    r"[0-9]{1,4}([-/.])[0-9]{1,2}\1[0-9]{1,4}([T ].*)?"  # 2024-01-31, 31.1.2024 12:30
    r"|[0-9]{1,2}:[0-9]{2}(:[0-9.]+)?"  # 12:30
    rf"|[0-9]{{1,2}}[. -]+({_MONTHS})[a-z]*[. ,-]+[0-9]{{2,4}}"  # 31 January 2024
    rf"|({_MONTHS})[a-z]*[. ]+[0-9]{{1,2}},? +[0-9]{{2,4}}",  # Jan 31, 2024
    re.I,
)


def as_text(column):
    """The cells of a pandas column as stripped text, None where they are missing.

    Whole numbers have no decimal point: pandas turns a column of codes with a missing cell into
    floating-point numbers.
    """
    if column.dtype.kind in "biuf":
        column = column.astype(object)
    return np.fromiter(map(text_of, column), object, len(column))


def text_of(cell):
    if isinstance(cell, bool | np.bool_):
        return str(bool(cell))
    if isinstance(cell, numbers.Integral):
        return str(int(cell))
    if isinstance(cell, numbers.Real):
        return None if np.isnan(cell) else f"{float(cell):.15g}"
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return None
    text = str(cell).strip()
    return None if text in MISSING else text


def as_numbers(column):
    """The cells of a pandas column as numbers; True and yes are 1, False and no 0.

    Returns:
      (float64 array, NaN where a cell is missing or not a number; boolean array, true where it is
      not a number).
    """
    if column.dtype.kind in "biuf":
        return column.to_numpy(np.float64), np.zeros(len(column), bool)
    text = as_text(column)
    values = np.fromiter(map(_number, text), np.float64, len(text))
    return values, np.isnan(values) & (text != None)  # noqa: E711 - of each cell


def _number(text):
    if text is None:
        return np.nan
    if NUMERAL.fullmatch(text):
        return float(text)
    return WORDS.get(text.lower(), np.nan)


def holds_numbers(column):
    """Whether a column holds numbers: some cells are numbers, or all cells that are present are
    words for 0 and 1. A word among numbers is an error, not a category."""
    if column.dtype.kind in "biuf":
        return True
    cells = {text for text in as_text(column) if text is not None}
    return any(map(NUMERAL.fullmatch, cells)) or all(text.lower() in WORDS for text in cells)


def dated(text):
    """The index of the first cell that is present, if all such cells are dates or times, otherwise
    None.

    Args:
      text: cells as `as_text` gives them.
    """
    there = [row for row, cell in enumerate(text) if cell is not None]
    return there[0] if there and all(_DATE.fullmatch(text[row]) for row in there) else None
