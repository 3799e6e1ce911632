import numpy as np
import pytest

from alen_tf.datasets.readers.preprocessing import Feature, Preprocessing
from alen_tf.datasets.readers.rows import read_inputs, read_known
from alen_tf.errors import DataError
from alen_tf.evaluation.signature import Signature


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("0,1,2", [1, 2, 3]),  # numbers for names: all are features
        ("1,a,b", [2, 3]),  # a label, to be left out: too few are left, which the model tells
        ("0,1,a,b,c", [3, 4, 5]),
        ("0,1,2,3,4", [1, 2, 3, 4, 5]),  # labels beside unnamed features: too many, likewise
    ],
)
def test_columns_without_known_names(tmp_path, header, expected):
    signature = Signature((3,), (2,), ("0", "1"))
    path = tmp_path / "new.csv"
    values = ",".join(str(k + 1) for k in range(header.count(",") + 1))
    path.write_text(f"{header}\n{values}\n")
    np.testing.assert_array_equal(read_inputs(path, signature), [expected])


@pytest.fixture
def signature():
    features = (Feature("colour", ("blue", "red"), 0.0), Feature("size", missing=1.5))
    preprocessing = Preprocessing(features)
    return Signature((3,), (2,), ("sun", "sea"), preprocessing.names, preprocessing=preprocessing)


def test_rows_are_preprocessed_as_in_the_training(tmp_path, signature):
    path = tmp_path / "new.csv"
    path.write_text("size;colour;sun\n;red;1\n2,5;;\n")
    np.testing.assert_array_equal(read_inputs(path, signature), [[0, 1, 1.5], [0, 0, 2.5]])


def test_known_labels_are_words_or_numbers(tmp_path, signature):
    path = tmp_path / "known.csv"
    path.write_text("sea\nyes\n?\n0\n")
    nan = np.nan
    np.testing.assert_array_equal(read_known(path, signature), [[nan, 1], [nan, nan], [nan, 0]])
    path.write_text("sea\nyes\nmaybe\n")
    with pytest.raises(DataError, match=r"known\.csv:3: 'sea' is 'maybe', expected 0, 1 or"):
        read_known(path, signature)
