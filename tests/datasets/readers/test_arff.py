import re

import numpy as np
import pytest

from alen_tf.datasets.readers.arff import read_arff
from alen_tf.errors import DataError

# The data begins on line 5.
HEADER = "@relation r\n@attribute a numeric\n@attribute b {0,1}\n@data\n"
# The data begins on line 7.
WORDS = """@relation r
@attribute a numeric
@attribute protein {PS00010,'a, b',"it's",3}
@attribute note string
@attribute b {NO,Yes,?}
@data
"""
INTEGERS = HEADER.replace("numeric", "integer")


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "data.arff"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def test_dense(write):
    relation = read_arff(write(HEADER + "1,0\n-2.5,1\n1e3,0\n"))
    assert relation.names == ("a", "b")
    assert relation.values.dtype == np.float32
    np.testing.assert_array_equal(relation.values.toarray(), [[1, 0], [-2.5, 1], [1000, 0]])


def test_sparse(write):
    relation = read_arff(write(HEADER + "{}\n{1 1}\n{ 0 2.5 , 1 1 }\n{0 3}\n"))
    expected = [[0, 0], [0, 1], [2.5, 1], [3, 0]]
    np.testing.assert_array_equal(relation.values.toarray(), expected)
    assert relation.values.nnz == 4


@pytest.mark.parametrize("rows", ["1,0\n0,1\n", "{0 1,1 0}\n{1 1,0 0}\n"])
def test_zeros_are_not_stored(write, rows):
    assert read_arff(write(HEADER + rows)).values.nnz == 2


@pytest.mark.parametrize("row", ["3 , 1", "{0 3,1 1}"])
def test_comments_blank_lines_and_quoted_names(write, row):
    content = (
        "% What this is.\n\n@RELATION 'my relation'\n% between\n"
        "@ATTRIBUTE 'two words' REAL\n@Attribute \"c,d\" {0, 1}\n\n@DATA\n"
        f"% data follows\n\n{row}\n% the end\n"
    )
    relation = read_arff(write(content))
    assert relation.names == ("two words", "c,d")
    np.testing.assert_array_equal(relation.values.toarray(), [[3, 1]])


def test_tabs(write):
    content = (HEADER + "1,0\n0,1\n").replace(" ", "\t")
    relation = read_arff(write(content))
    assert relation.names == ("a", "b")
    np.testing.assert_array_equal(relation.values.toarray(), [[1, 0], [0, 1]])


def test_windows_line_ends(write):
    content = (HEADER + "1,0\n0,1\n").replace("\n", "\r\n")
    np.testing.assert_array_equal(read_arff(write(content)).values.toarray(), [[1, 0], [0, 1]])


def test_words_have_codes(write):
    rows = "1,'a, b','x, y',Yes\n% a comment\n?,\"it's\",?,?\n2,?,z,NO\n3,3,'x, y',NO\n"
    relation = read_arff(write(WORDS + rows))
    assert relation.words == {
        1: ("PS00010", "a, b", "it's", "3"),
        2: ("x, y", "z"),
        3: ("NO", "Yes"),
    }
    assert relation.nominal == {1}  # strings are not declared, and the last one is a number
    nan = np.nan
    expected = [[1, 1, 0, 1], [nan, 2, nan, nan], [2, nan, 1, 0], [3, 3, 0, 0]]
    np.testing.assert_array_equal(relation.values.toarray(), expected)
    np.testing.assert_array_equal(relation.lines, [7, 9, 10, 11])


def test_words_left_out_of_a_sparse_row_are_the_first(write):
    relation = read_arff(write(WORDS + "{0 1, 3 Yes}\n{1 'a, b', 0 ?}\n"))
    np.testing.assert_array_equal(relation.values.toarray(), [[1, 0, 0, 1], [np.nan, 1, 0, 0]])
    assert relation.words[3][0] == "NO"


def test_no_rows(write):
    assert read_arff(write(HEADER)).values.shape == (0, 2)


MALFORMED = {
    # name: (content, line, what the message says)
    "word in a numeric column": (HEADER + "1,0\nx,0\n", 6, "numerical"),
    "unknown nominal value": (HEADER + "1,0\n1,2\n", 6, "2"),
    "too few values": (HEADER + "1,0\n1\n1,0\n", 6, "format"),
    "too many values": (HEADER + "1,0,0\n", 5, "format"),
    "truncated dense row": (HEADER + "1,0\n0,1\n1,", 7, "empty"),
    "empty value in a row with words": (WORDS + "1,'a, b',,Yes\n", 7, "empty"),
    "unknown word": (WORDS + "1,a,x,NO\n", 7, "a not found"),
    "truncated sparse row": (HEADER + "{0 1}\n{0 1,1", 6, "{0 1,1"),
    "not a number": (HEADER + "1,0\nnan,0\n", 6, "finite"),
    "not a number in a sparse row": (HEADER + "{0 1}\n{0 NaN}\n", 6, "finite"),
    "infinity": (HEADER + "1,0\ninf,0\n", 6, "finite"),
    "integer that is not a number": (INTEGERS + "1,0\nnan,0\n", 6, ""),
    "infinite integer": (INTEGERS + "1,0\ninf,0\n", 6, ""),
    "infinite integer in a sparse row": (INTEGERS + "{0 1}\n{0 1e999}\n", 6, ""),
    "too large for float32": (HEADER + "1,0\n1e39,0\n", 6, ""),
    "column out of range": (HEADER + "{0 1}\n{2 1}\n", 6, "2 1"),
    "negative column": (HEADER + "{0 1}\n{-1 1}\n", 6, "-1 1"),
    "column is no integer": (HEADER + "{0 1}\n{0.5 1}\n", 6, "0.5 1"),
    "column twice": (HEADER + "{0 1}\n{0 1,0 2}\n", 6, ""),
    "dense row among sparse ones": (HEADER + "{0 1}\n1,0\n", 6, "layout"),
    "per cent sign in a bad value": (HEADER + "1,0\n5%,0\n", 6, ""),
    "per cent sign in a bad nominal value": (HEADER + "1,0\n1,5%\n", 6, "5%"),
    "per cent sign in a row of a wrong size": (HEADER + "1,0\n1,0,5%\n", 6, "5%"),
    "format in a bad nominal value": (HEADER + "1,0\n1,%s\n", 6, "%s"),
    "format in a row of a wrong size": (HEADER + "1,0\n1,0,%(a)d\n", 6, "%(a)d"),
    "attribute twice": ("@relation r\n@attribute a real\n@attribute a real\n@data\n", 3, "a"),
    "unknown type": ("@relation r\n@attribute a date\n@data\n1\n", 2, "expected numeric"),
    "attribute without a type": ("@relation r\n@attribute a\n@data\n1\n", 2, ""),
    "no data section": ("@relation r\n@attribute a real\n", 2, "layout"),
    "data before attributes": ("@relation r\n@data\n1\n", 2, "layout"),
    "not text": (HEADER.encode() + b"1,0\n\xff\xfe,0\n1,0\n", 6, ""),
    "not text, far into the file": (HEADER.encode() + b"1,0\n" * 5000 + b"\xff,0\n", 5005, ""),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed(write, name):
    content, line, text = MALFORMED[name]
    path = write(content)
    with pytest.raises(DataError) as caught:
        read_arff(path)
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}: malformed ARFF: ")
    assert text.lower() in message.split("malformed ARFF: ")[1].lower()
    assert "\n" not in message
    assert "line -1" not in message  # liac-arff does not count what it reads lazily


def test_empty_file(write):
    path = write("")
    with pytest.raises(DataError, match=rf"^{re.escape(str(path))}:\d: malformed ARFF"):
        read_arff(path)


def test_missing_file(tmp_path):
    path = tmp_path / "nowhere.arff"
    with pytest.raises(DataError, match="cannot be read") as caught:
        read_arff(path)
    assert str(path) in str(caught.value)


def test_directory(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_arff(tmp_path)
