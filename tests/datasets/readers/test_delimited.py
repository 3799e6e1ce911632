import gzip

import numpy as np
import pytest

from alen_tf.datasets.readers.delimited import read_delimited
from alen_tf.errors import DataError


@pytest.fixture
def read(tmp_path):
    def read(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_delimited(path)

    return read


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("a;b, c;d\n1;2.5;x\n3;4;y\n", "table.csv"),
        ("a\tb, c\td\n1\t2.5\tx\n3\t4\ty\n", "table.csv"),
        ("a|b, c|d\n1|2.5|x\n3|4|y\n", "table.csv"),
        ('a,"b, c",d\n1,2.5,x\n3,4,y\n', "table.csv"),
        ('a, "b, c", d\n1, 2.5, x\n3, 4, y\n', "table.csv"),  # blanks after commas
        ('a ,"b, c" ,d\r\n 1 ,2.5,x\r\n3,4 ,y\r\n', "table.csv"),  # and elsewhere
        ("\ufeffa;b, c;d\n1;2.5;x\n\n3;4;y", "table.csv"),  # a mark, an empty line, no last end
        ("a;b, c;d\n1;2,5;x\n3;4,0;y\n", "table.csv"),  # decimal commas
        ("a\tb, c\td\n1\t2.5\tx\n3\t4\ty\n", "table.tsv"),
    ],
)
def test_one_table_however_it_is_written(read, content, name):
    names, frame, lines = read(content, name)
    assert names == ("a", "b, c", "d")
    assert [float(cell) for cell in frame[0]] == [1, 3]
    assert [float(cell) for cell in frame[1]] == [2.5, 4]
    assert [cell.strip() for cell in frame[2]] == ["x", "y"]
    assert list(lines) in ([2, 3], [2, 4])


def test_numbers_for_names_as_pandas_calls_columns(read):
    assert read("0,1\n0.7,0\n")[0] == ("0", "1")


def test_in_a_tsv_file_tabs_delimit(read):
    assert read("a;b;c\td\n1\t2\n", "table.tsv")[0] == ("a;b;c", "d")


def test_gzip(read):
    packed = gzip.compress(b"a;b\n1;2\n3;4\n")
    names, frame, _ = read(packed, "table.CSV.gz")
    assert names == ("a", "b")
    np.testing.assert_array_equal(frame.to_numpy(), [[1, 2], [3, 4]])
    with pytest.raises(DataError, match=r"table\.csv\.gz: cannot be read"):
        read(packed[:-9], "table.csv.gz")
    with pytest.raises(DataError, match=r"table\.csv\.gz: cannot be read: Not a gzipped file"):
        read("a;b\n1;2\n", "table.csv.gz")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "expected a header and rows, found 0 rows"),
        ("a,b\n", "found 0 rows"),
        ("a,b\n1,2\n3\n", "table.csv:3: 1 values, expected 2 as in the header"),
        ("a,b\n1,2\n3,4,5\n", "table.csv:3: 3 values, expected 2 as in the header"),
        ("a,b\n1,2,3\n3,4,5\n", "table.csv:2: 3 values, expected 2 as in the header"),
        ('a,b\n"1\n",2\n3\n', "table.csv:4: 1 values"),
        ("a,b\n1,\x00\n", "table.csv: not a CSV file: line 2 contains NUL"),
        (b"a,b\n1,\xff\n", "table.csv: not UTF-8 text (byte 0xff): save it as UTF-8"),
        ("0.5,1\n0.7,0\n", "table.csv: has no header: its first row is '0.5', '1'"),
        ("a,b\n1,2\n".encode("utf-16"), "table.csv: not UTF-8 text"),
    ],
)
def test_what_is_no_table(read, content, message):
    with pytest.raises(DataError) as caught:
        read(content)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
