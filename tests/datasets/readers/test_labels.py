import numpy as np
import pytest

from alen_tf.datasets.readers.labels import label_columns, read_labels, xml_labels
from alen_tf.datasets.readers.tables import read_table
from alen_tf.errors import DataError

CONTENT = """@relation r
@attribute 'first label' {0,1}
@attribute a numeric
@attribute b numeric
@attribute label\\_2 {0,1}
@data
1,2.5,0,0
0,1,0,1
"""
XML = """<?xml version="1.0" encoding="utf-8"?>
<labels xmlns="http://mulan.sourceforge.net/labels">
<label name="label_2"></label>
<label name="first label"></label>
</labels>
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "r.arff"
    path.write_text(CONTENT)
    return path


@pytest.fixture
def xml(tmp_path):
    path = tmp_path / "r.xml"
    path.write_text(XML)
    return path


def read(path, labels, **options):
    table = read_table(path)
    return read_labels(table, label_columns(table, labels), **options)


def test_labels_by_name_in_the_order_of_the_names(file, xml):
    # One of them is escaped in the ARFF file alone.
    for labels in (("label_2", "first label"), str(xml)):
        y, names = read(file, labels)
        assert names == ("label_2", "first label")
        np.testing.assert_array_equal(y, [[0, 1], [1, 0]])
        assert y.dtype == np.uint8


def test_one_name_is_no_path(file):
    y, names = read(file, "first label")
    assert names == ("first label",)
    np.testing.assert_array_equal(y, [[1], [0]])


def test_last_attributes_as_labels(file):
    y, names = read(file, 1)
    assert names == ("label\\_2",)
    np.testing.assert_array_equal(y, [[0], [1]])


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (("label_2", "third", "fourth"), "'third' and 1 more"),
        (("third",), "'third'"),
        ("third", "has no label 'third'; its columns are 'first label', 'a'"),
        (0, "0 labels among 4 columns"),
        (4, "4 labels among 4 columns, expected both"),
        (("a", "a"), "'a' is named twice as a label"),
    ],
)
def test_wrong_labels(file, labels, text):
    with pytest.raises(DataError) as caught:
        read(file, labels)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert text in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("cells", "expected"),
    [("01", [0, 1]), (("True", "false"), [1, 0]), (("no", "Yes"), [0, 1]), (("1.0", "0"), [1, 0])],
)
def test_words_for_0_and_1(tmp_path, cells, expected):
    path = tmp_path / "own.csv"
    path.write_text("a,c\n" + "".join(f"7,{cell}\n" for cell in cells))
    np.testing.assert_array_equal(read(path, ["c"])[0][:, 0], expected)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("0.5", "labels are 0 or 1, but 'c' is 0.5"),
        ("2", "labels are 0 or 1, but 'c' is 2"),
        (
            "?",
            "labels are 0 or 1, but 'c' is missing; to learn from the other labels, set "
            "files.missing_labels = True",
        ),
        ("maybe", "'c' is 'maybe', expected 0 or 1; a column of tags must be the only label"),
    ],
)
def test_another_value_is_named_with_column_and_line(tmp_path, cell, text):
    path = tmp_path / "own.csv"
    path.write_text(f"a,c,d\n1,0,0\n1,{cell},0\n")
    with pytest.raises(DataError) as caught:
        read(path, ["c", "d"])
    assert str(caught.value) == f"{path}:3: {text}"


def tagged(tmp_path, *cells):
    path = tmp_path / "tagged.csv"
    path.write_text("a,tags\n" + "".join(f"1,{cell}\n" for cell in cells))
    return path


def test_tags(tmp_path):
    path = tagged(tmp_path, "rock|pop", "", "pop | rock|", "jazz", "NA", '"a\\|b|c\\\\d"')
    y, names = read(path, "tags")
    assert names == ("a|b", "c\\d", "jazz", "pop", "rock")
    sets = [{n for n, v in zip(names, row, strict=True) if v} for row in y]
    assert sets == [{"rock", "pop"}, set(), {"pop", "rock"}, {"jazz"}, set(), {"a|b", "c\\d"}]
    y, names = read(path, "tags", known=("rock", "pop", "jazz", "a|b", "c\\d", "folk"))
    np.testing.assert_array_equal(y[:2, :3], [[1, 1, 0], [0, 0, 0]])
    assert y.shape == (6, 6)
    with pytest.raises(DataError, match=r"tagged\.csv:5: no training row has the label 'jazz'"):
        read(path, "tags", known=("rock", "pop"))


def test_the_separator_of_tags(tmp_path):
    path = tagged(tmp_path, "rock;pop", "jazz")
    with pytest.raises(DataError, match=r"'rock;pop', but no '\|'; .*tag_separator = ';'"):
        read(path, "tags")
    assert read(path, "tags", separator=";")[1] == ("jazz", "pop", "rock")
    assert read(path, "tags", separator="|")[1] == ("jazz", "rock;pop")
    # Numbers are tags where it is said.
    assert read(tagged(tmp_path, "1", "3"), "tags", separator="|")[1] == ("1", "3")


def test_lists_of_tags(tmp_path):
    path = tmp_path / "own.jsonl"
    path.write_text('{"a": 1, "tags": ["rock", "a|b"]}\n{"a": 2, "tags": []}\n{"a": 2}\n')
    y, names = read(path, "tags")
    assert names == ("a|b", "rock")
    np.testing.assert_array_equal(y, [[1, 1], [0, 0], [0, 0]])


def test_xml_labels(xml):
    assert xml_labels(xml) == ("label_2", "first label")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no XML",
        XML.replace("</labels>", ""),
        "<labels></labels>",
        "<labels><label/></labels>",
        "<!DOCTYPE labels [<!ENTITY a 'b'>]><labels><label name='&a;'/></labels>",
    ],
)
def test_malformed_xml(xml, content):
    xml.write_text(content)
    with pytest.raises(DataError) as caught:
        xml_labels(xml)
    assert str(caught.value).startswith(f"{xml}: ")
    assert "\n" not in str(caught.value)


def test_missing_xml(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        xml_labels(tmp_path / "r.xml")
