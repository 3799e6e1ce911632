import datetime
import sys
import zipfile

import pytest

from alen_tf.datasets.readers import excel
from alen_tf.datasets.readers.tables import read_table
from alen_tf.errors import DataError

openpyxl = pytest.importorskip("openpyxl")


@pytest.fixture
def write(tmp_path):
    def write(*rows):
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.create_sheet("another").append(["ignored"])
        book.save(tmp_path / "table.xlsx")
        return tmp_path / "table.xlsx"

    return write


def test_cells_of_all_kinds(write):
    day = datetime.datetime(2024, 1, 31)
    table = read_table(
        write(
            [],
            ["a", "b", "c", 2024, "e "],
            [1, True, "red", day],
            [],
            [None, False, None, day, 0.5],
        )
    )
    assert table.names == ("a", "b", "c", "2024", "e")
    assert list(table.text(0)) == ["1", None]
    assert list(table.numbers(1)) == [1, 0]
    assert list(table.text(2)) == ["red", None]
    assert list(table.text(3)) == ["2024-01-31 00:00:00"] * 2
    assert list(table.text(4)) == [None, "0.5"]
    assert list(table.lines) == [3, 5]
    assert table.place(1) == f"{table.source}:5"


def test_what_is_no_table(write, monkeypatch):
    with pytest.raises(DataError, match=r"table\.xlsx:3: 3 values, expected 2 as in the header"):
        read_table(write(["a", "b"], [1, 2], [1, 2, 3]))
    with pytest.raises(DataError, match="found 0 rows in the first sheet"):
        read_table(write(["a", "b"]))
    path = write(["a", "b"], [1, 2])
    monkeypatch.setattr(excel, "LARGEST_SMALL", 100)
    monkeypatch.setattr(excel, "LARGEST_RATIO", 1)
    with pytest.raises(DataError, match="bytes uncompressed, too many for its compressed size"):
        read_table(path)
    monkeypatch.undo()
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("no.xml", "workbook")
    with pytest.raises(DataError, match=r"table\.xlsx: not an Excel workbook: "):
        read_table(path)
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"not an Excel workbook: File is not a zip file"):
        read_table(path)


def test_without_openpyxl(write, monkeypatch):
    path = write(["a"], [1])
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(DataError, match=r"pip install 'alen_tf\[excel\]'"):
        read_table(path)
