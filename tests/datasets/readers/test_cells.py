import numpy as np
import pandas as pd
import pytest

from alen_tf.datasets.readers import cells


@pytest.mark.parametrize(
    ("column", "expected", "wrong"),
    [
        ([1, 2], [1, 2], []),
        ([True, False], [1, 0], []),
        (["True", "false", "YES", "no", " 1.5 ", "?"], [1, 0, 1, 0, 1.5, np.nan], []),
        (["-.5e1", "+3.", "1_0", "0x1", "maybe", ""], [-5, 3, *[np.nan] * 4], [2, 3, 4]),
        ([None, True, 2, np.nan, "1"], [np.nan, 1, 2, np.nan, 1], []),
    ],
)
def test_numbers(column, expected, wrong):
    values, no_number = cells.as_numbers(pd.Series(column))
    np.testing.assert_array_equal(values, expected)
    assert list(np.flatnonzero(no_number)) == wrong


def test_text():
    column = pd.Series(
        [1, 2.0, 2.5, True, " a b ", None, np.nan, pd.NA, pd.NaT, "NA"], dtype=object
    )
    assert list(cells.as_text(column)) == ["1", "2", "2.5", "True", "a b", *[None] * 5]
    # Codes in a column with a missing cell, which pandas makes floating-point numbers of.
    assert list(cells.as_text(pd.Series([10, None, 123456]))) == ["10", None, "123456"]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ([0.5], True),
        ([True], True),
        (["yes", "NO", None], True),
        ([None, None], True),
        (["1", "x"], True),  # a word among numbers is a mistake
        (["no", "mild", "severe"], False),
        (["red"], False),
    ],
)
def test_what_a_column_holds(column, expected):
    assert cells.holds_numbers(pd.Series(column, dtype=object)) is expected


@pytest.mark.parametrize(
    "cell",
    [
        *("2024-01-31", "2024-01-31T12:30:00", "31.1.2024", "1/31/24", "2024/1/31 12:30"),
        *("12:30", "12:30:59", "31 January 2024", "31-Jan-2024", "Jan 31, 2024", "january 31 2024"),
    ],
)
def test_dates(cell):
    assert cells.dated([None, cell, cell]) == 1


@pytest.mark.parametrize(
    "text", [["red"], ["2024-01-31", "red"], ["1-2"], ["May"], [None], ["3:1"]]
)
def test_no_dates(text):
    assert cells.dated(text) is None
