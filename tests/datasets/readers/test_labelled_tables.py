import numpy as np
import pytest

from alen_tf.datasets.readers.labelled_tables import read_tables
from alen_tf.datasets.splits import Examples
from alen_tf.errors import DataError

ROWS = "colour,size,c,d\nred,1,0,1\nblue,?,1,0\ngreen,3,1,1\nred,1,1,1\n"


def thirds(examples, held_out):
    """Rows 0 and 1 train."""
    parts = examples.take([0, 1]), examples.take([2])
    return *parts, examples.take([3]) if held_out is None else held_out


@pytest.fixture
def train(tmp_path):
    path = tmp_path / "train.csv"
    path.write_text(ROWS)
    return path


def same(found, x, y):
    assert isinstance(found, Examples)
    np.testing.assert_array_equal(found.x, x)
    np.testing.assert_array_equal(found.y, y)


def test_training_rows_alone_decide(train, capsys):
    splits, labels, preprocessing = read_tables(train, ["d", "c"], None, thirds, missing="mean")
    assert labels == ("d", "c")
    assert preprocessing.names == ("colour=blue", "colour=red", "size")
    same(splits[0], [[0, 1, 1], [1, 0, 1]], [[1, 0], [0, 1]])
    same(splits[1], [[0, 0, 3]], [[1, 1]])
    same(splits[2], [[0, 1, 1]], [[1, 1]])
    assert "'colour' is 'green'" in capsys.readouterr().err


def test_a_test_file_has_its_columns_in_any_order(train, tmp_path):
    test = tmp_path / "test.tsv"
    test.write_text("d\tsize\tother\tc\tcolour\n1\t2\t7\t0\tblue\n")
    splits, _, _ = read_tables(train, ["c", "d"], test, thirds, missing="zero")
    same(splits[2], [[1, 0, 2]], [[0, 1]])
    test.write_text("d\tsize\tc\n1\t2\t0\n")
    with pytest.raises(DataError, match=r"test\.tsv: has no feature 'col"):
        read_tables(train, ["c", "d"], test, thirds, missing="zero")


def test_columns_that_are_ignored_are_not_read(train):
    splits, _, preprocessing = read_tables(train, 2, None, thirds, ["size"])
    assert preprocessing.names == ("colour=blue", "colour=red")
    assert splits[0].x.dtype == np.uint8
    with pytest.raises(DataError, match=r"has no column of files\.ignore 'hue'"):
        read_tables(train, 2, None, thirds, ["hue"])
    with pytest.raises(DataError, match="no column is left as a feature"):
        read_tables(train, 2, None, thirds, ["size", "colour"])
