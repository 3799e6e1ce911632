import csv
import gzip
import json

import numpy as np
import pytest

from alen_tf.datasets.readers.tables import read_table
from alen_tf.errors import DataError

NAMES = ("a", "b, quoted", "c")
VALUES = [[1.5, -2.0, 0.0], [0.0, 3e5, 1.0]]


def write_csv(path, delimiter=","):
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([NAMES, *VALUES])


def write_tsv(path):
    write_csv(path, "\t")


def write_json_lines(path):
    rows = [json.dumps(dict(zip(NAMES, row, strict=True))) for row in VALUES]
    path.write_text("\n".join(rows) + "\n")


def write_arff(path):
    header = "".join(f"@attribute '{name}' numeric\n" for name in NAMES)
    rows = "\n".join(",".join(map(str, row)) for row in VALUES)
    path.write_text(f"@relation r\n{header}@data\n{rows}\n")


def write_parquet(path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = dict(zip(NAMES, np.transpose(VALUES), strict=True))
    parquet.write_table(pyarrow.table(columns), path)


def write_excel(path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in [NAMES, *VALUES]:
        book.active.append(row)
    book.save(path)


def gzipped(write):
    def write_gz(path):
        write(path)
        path.write_bytes(gzip.compress(path.read_bytes()))

    return write_gz


TEXT = {".csv": write_csv, ".tsv": write_tsv, ".jsonl": write_json_lines, ".arff": write_arff}
PACKED = {f"{suffix}.gz": gzipped(write) for suffix, write in TEXT.items()}
WRITERS = {**TEXT, **PACKED, ".parquet": write_parquet, ".xlsx": write_excel}


@pytest.fixture(params=WRITERS)
def file(request, tmp_path):
    path = tmp_path / f"table{request.param}"
    WRITERS[request.param](path)
    return path


def test_all_formats_say_the_same(file):
    table = read_table(file)
    assert table.names == NAMES
    values = [table.numbers(column) for column in table.columns(NAMES, "feature")]
    assert {column.dtype for column in values} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(np.transpose(values), np.float32(VALUES))


def test_truncated_or_missing_files(file):
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=file.name):
        read_table(file)
    file.unlink()
    with pytest.raises(DataError, match=file.name):
        read_table(file)
    with pytest.raises(DataError, match=r"a .xls file; expected .arff, .csv"):
        read_table(file.with_suffix(".xls"))


@pytest.fixture
def write(tmp_path):
    def write(content, name="table.csv"):
        path = tmp_path / name
        path.write_text(content)
        return path

    return write


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,a\n1,2\n", "'a'"),
        ("a,a \n1,2\n", "'a'"),
        (",a,c\n0,1,0\n1,1,1\n", "column 1 has no name; an index of rows is not a feature"),
    ],
)
def test_names_that_name_no_column(write, content, message):
    path = write(content)
    with pytest.raises(DataError) as caught:
        read_table(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_column_is_named_and_so_are_those_there(write):
    table = read_table(write("a,b\n1,2\n"))
    with pytest.raises(DataError, match="has no label 'c'; its columns are 'a', 'b'"):
        table.columns(["c"], "label")


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("x", "'b' is 'x', expected a number"),
        ("1e+39", "'b' is '1e+39', expected a finite 32-bit number"),
        ("-inf", "'b' is '-inf', expected a finite 32-bit number"),
        ("2024-01-31", "'b' is '2024-01-31', expected a number"),
    ],
)
def test_a_cell_is_named_by_column_and_line(write, cell, message):
    # A row that fills two lines, and an empty line, come first.
    table = read_table(write(f'a,b\n"two\nlines",1\n\nc,{cell}\nd,2\n'))
    with pytest.raises(DataError) as caught:
        table.numbers(1)
    assert str(caught.value).startswith(f"{table.source}:5: {message}")


def test_cells_that_are_missing(write):
    table = read_table(write("a,b,c\n1,?,red\n,0,\nNaN,NA,n/a \nNULL,yes,NA\n"))
    nan = np.nan
    np.testing.assert_array_equal(table.numbers(0), [1, nan, nan, nan])
    np.testing.assert_array_equal(table.numbers(1), [nan, 0, nan, 1])
    assert list(table.text(2)) == ["red", None, None, None]
