import hashlib
import re

import numpy as np
import pytest

from alen_tf.datasets.readers import tags
from alen_tf.errors import DataError

CONTENT = """@relation documents
@attribute the {0,1}
@attribute energy {0,1}
@attribute TAG_physics {0,1}
@data
{0 1,2 1}
{}
{1 1}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "documents.arff"
    path.write_text(CONTENT)
    return path


def test_read(file):
    relation = tags.read(file, words=2, tags=1, rows=3)
    assert relation.names == ("the", "energy", "TAG_physics")
    expected = [[1, 0, 1], [0, 0, 0], [0, 1, 0]]
    np.testing.assert_array_equal(relation.values.toarray(), expected)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"words": 3, "tags": 1}, "3 attributes, expected 3 words and 1 tags"),
        ({"words": 2, "tags": 1, "rows": 1234}, "3 rows, expected 1,234"),
    ],
)
def test_read_checks_the_size(file, arguments, text):
    with pytest.raises(DataError, match=re.escape(text)) as caught:
        tags.read(file, **arguments)
    assert str(file) in str(caught.value)


def test_read_wants_binary_values(file):
    file.write_text(CONTENT.replace("the {0,1}", "the numeric").replace("{0 1,2 1}", "{0 2}"))
    with pytest.raises(DataError, match="0 or 1") as caught:
        tags.read(file, 2, 1)
    assert str(file) in str(caught.value)


def test_read_names_the_malformed_line(file):
    file.write_text(CONTENT.replace("{1 1}", "{1 1"))
    with pytest.raises(DataError, match=re.escape(f"{file}:8: malformed")):
        tags.read(file, 2, 1)


def test_verify(file):
    sha256 = hashlib.sha256(CONTENT.encode()).hexdigest()
    tags.verify(file, sha256)
    file.write_text(CONTENT.replace("physics", "Physics"))
    with pytest.raises(DataError, match="checksum mismatch") as caught:
        tags.verify(file, sha256)
    message = str(caught.value)
    assert str(file) in message
    assert sha256 in message
    assert hashlib.sha256(file.read_bytes()).hexdigest() in message
    assert "\n" not in message


def test_manual_file(tmp_path):
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.arff").write_text(CONTENT)
    assert tags.manual_file(str(tmp_path), "documents", "a.arff", "SOURCE") == folder / "a.arff"


def test_manual_file_says_where_from_and_where_to(tmp_path):
    with pytest.raises(DataError) as caught:
        tags.manual_file(tmp_path, "documents", "a.arff", "https://example.org/a")
    message = str(caught.value)
    assert str(tmp_path / "documents" / "a.arff") in message
    assert "https://example.org/a" in message
    assert "\n" not in message


def test_manual_file_in_the_home_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "files" / "documents").mkdir(parents=True)
    path = tmp_path / "files" / "documents" / "a.arff"
    path.write_text(CONTENT)
    assert tags.manual_file("~/files", "documents", "a.arff", "SOURCE") == path
