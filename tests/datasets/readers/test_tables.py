import csv

import numpy as np
import pytest

from alen_tf.datasets.readers.tables import read_table
from alen_tf.errors import DataError

NAMES = ("a", "b, quoted", "c")
VALUES = [[1.5, -2.0, 0.0], [0.0, 3e5, 1.0]]


def write_csv(path):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([NAMES, *VALUES])


def write_arff(path):
    header = "".join(f"@attribute '{name}' numeric\n" for name in NAMES)
    rows = "\n".join(",".join(map(str, row)) for row in VALUES)
    path.write_text(f"@relation r\n{header}@data\n{rows}\n")


def write_parquet(path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = dict(zip(NAMES, np.transpose(VALUES), strict=True))
    parquet.write_table(pyarrow.table(columns), path)


WRITERS = {".csv": write_csv, ".arff": write_arff, ".parquet": write_parquet}


@pytest.fixture(params=WRITERS)
def file(request, tmp_path):
    path = tmp_path / f"table{request.param}"
    WRITERS[request.param](path)
    return path


def test_all_formats_say_the_same(file):
    table = read_table(file)
    assert table.names == NAMES
    assert table.values.dtype == np.float32
    np.testing.assert_array_equal(table.values, np.float32(VALUES))


def test_labels_and_features_are_parted(file):
    examples, labels, features = read_table(file).split(["c"])
    assert (labels, features) == (("c",), NAMES[:2])
    np.testing.assert_array_equal(examples.x, np.float32(VALUES)[:, :2])
    np.testing.assert_array_equal(examples.y, [[0], [1]])
    assert read_table(file).split(1)[1:] == (labels, features)


def test_empty_cells_are_unknown(tmp_path):
    path = tmp_path / "known.csv"
    path.write_text("a,b\n1,?\n,0\nNaN,1\n")
    nan = np.nan
    np.testing.assert_array_equal(read_table(path).values, [[1, nan], [nan, 0], [nan, 1]])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "expected a header and rows, found 0"),
        ("a,b\n", "found 0 rows"),
        ("a,b\n1,2\n3\n", "table.csv:3: 1 values, expected 2"),
        ("a,b\n1,2\n3,x\n", "table.csv:3: 'b' is 'x', expected a number"),
        ("a,a\n1,2\n", "'a'"),
        ("a,b\n1,2\n", "no attribute is named like the label 'c'"),
        (",a,c\n0,1,0\n1,1,1\n", "column 1 has no name; an index of rows is no feature"),
        ("c\n1\n0\n", "1 labels of 1 attributes, expected both"),
        ("a,c\n1,0\n1,0.5\n", "row 2: labels are 0 or 1, but 'c' is 0.5"),
        ("a,c\n1,0\n1,\n", "row 2: labels are 0 or 1, but 'c' is nan"),
    ],
)
def test_a_malformed_file_is_named_with_the_place(tmp_path, content, message):
    path = tmp_path / "table.csv"
    path.write_text(content)
    with pytest.raises(DataError) as caught:
        read_table(path).split(["c"])
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_an_index_of_rows_in_a_parquet_file_is_no_feature(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {"a": [0.5, 2.0], "c": [0, 1], "__index_level_0__": [7, 3]}
    parquet.write_table(pyarrow.table(columns), tmp_path / "table.parquet")
    examples, labels, features = read_table(tmp_path / "table.parquet").split(1)
    np.testing.assert_array_equal(examples.x, [[0.5], [2.0]])
    assert (labels, features) == (("c",), ("a",))


def test_truncated_or_missing_files(file):
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=file.name):
        read_table(file)
    file.unlink()
    with pytest.raises(DataError, match=file.name):
        read_table(file)
    with pytest.raises(DataError, match=r"none of .arff, .csv, .parquet"):
        read_table(file.with_suffix(".xls"))
