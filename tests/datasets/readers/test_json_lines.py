import json

import pytest

from alen_tf.datasets.readers.tables import read_table
from alen_tf.errors import DataError

ROWS = [{"a": 1, "b": True, "c": "red"}, {"c": None, "a": 2.5}, {"a": 3, "d": ["x", "y"]}]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "table.jsonl"
    path.write_text("\n\n".join(map(json.dumps, ROWS)))
    return path


def test_what_an_object_leaves_out_is_missing(path):
    table = read_table(path)
    assert table.names == ("a", "b", "c", "d")
    assert list(table.numbers(0)) == [1, 2.5, 3]
    assert list(table.numbers(1)[:1]) == [1]
    assert list(table.text(1)) == ["True", None, None]
    assert list(table.text(2)) == ["red", None, None]
    assert table.frame[3][2] == ["x", "y"]
    assert list(table.lines) == [1, 3, 5]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"a": 1', ":7: malformed JSON: "),
        ('{"a": {"b": 1}}', ":7: 'a' is an object, expected a number"),
        ("[1, 2]", ":7: expected an object"),
        ('{"a": ' + "[" * 100_000, ":7: malformed JSON: "),
        ('{"a": ' + "9" * 10_000 + "}", ":7: malformed JSON: "),
    ],
)
def test_a_malformed_line_is_named(path, line, message):
    path.write_text(f"{path.read_text()}\n\n{line}\n")
    with pytest.raises(DataError) as caught:
        read_table(path)
    assert str(caught.value).startswith(f"{path}{message}")
    assert "\n" not in str(caught.value)


def test_no_rows(path):
    path.write_text("\n")
    with pytest.raises(DataError, match="found 0 rows"):
        read_table(path)
