import datetime

import numpy as np
import pytest

from alen_tf.datasets.readers.tables import read_table
from alen_tf.errors import DataError

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def write(tmp_path):
    def write(**columns):
        parquet.write_table(pyarrow.table(columns), tmp_path / "table.parquet")
        return tmp_path / "table.parquet"

    return write


def test_columns_of_all_types(write):
    table = read_table(
        write(
            number=[1, None],
            flag=[True, None],
            text=["red", None],
            word=pyarrow.array(["a", "b"]).dictionary_encode(),
            day=[datetime.date(2024, 1, 31)] * 2,
            tags=[["x", "y"], []],
        )
    )
    np.testing.assert_array_equal(table.numbers(0), [1, np.nan])
    np.testing.assert_array_equal(table.numbers(1), [1, np.nan])
    assert list(table.text(0)) == ["1", None]
    assert list(table.text(2)) == ["red", None]
    assert list(table.text(3)) == ["a", "b"]
    assert list(table.text(4)) == ["2024-01-31"] * 2
    assert list(table.frame[5][0]) == ["x", "y"]
    assert table.place(1) == f"{table.source}: row 2"


def test_an_index_of_rows_is_no_column(write):
    path = write(a=[0.5, 2.0], __index_level_0__=[7, 3])
    assert read_table(path).names == ("a",)


def test_another_file(write):
    path = write(a=[0.5])
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"table\.parquet: not a Parquet file: "):
        read_table(path)
