import numpy as np
import pytest

from alen_tf.datasets.readers.preprocessing import Feature, Preprocessing
from alen_tf.datasets.splits import Examples, Splits
from alen_tf.errors import DataError, WorkdirError
from alen_tf.evaluation.signature import Signature
from alen_tf.serving.trained import read_signature
from alen_tf.storage import write_json


@pytest.fixture
def signature():
    return Signature((2,), (3,), ("a", "b", "c"), ("x", "y"), 0.3)


def test_it_is_read_as_it_was_written(signature, tmp_path):
    path = tmp_path / "model.json"
    write_json(path, signature.to_json())
    assert read_signature(path) == signature


def test_preprocessing_is_kept(tmp_path):
    preprocessing = Preprocessing((Feature("colour", ("blue", "red")), Feature("size", (), 1.5)))
    signature = Signature((3,), (1,), ("a",), preprocessing.names, preprocessing=preprocessing)
    path = tmp_path / "model.json"
    write_json(path, signature.to_json())
    assert read_signature(path) == signature
    for damaged in ([], [{}], [{"name": "size"}], [7], "colour"):
        write_json(path, signature.to_json() | {"preprocessing": damaged})
        with pytest.raises(WorkdirError, match=r"model\.json is damaged"):
            read_signature(path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"shape": 3}', "null"])
def test_a_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "model.json"
    path.write_text(content)
    with pytest.raises(WorkdirError, match=r"model\.json is damaged"):
        read_signature(path)


def test_a_missing_file_means_training_has_not_ended(tmp_path):
    with pytest.raises(WorkdirError, match="training has not ended yet"):
        read_signature(tmp_path / "model.json")


def test_labels_without_names_get_numbers():
    examples = Examples(np.zeros((4, 5)), np.zeros((4, 3)))
    found = Signature.of(Splits("s", examples, examples, examples), 0.4)
    assert found == Signature((5,), (3,), ("0", "1", "2"), (), 0.4)


@pytest.mark.parametrize(
    ("inputs", "outputs", "of_images"),
    [
        ((12, 8, 3), (12, 8, 1), True),
        ((12, 8, 3), (12, 8, 4), True),
        ((12, 8, 3), (4,), False),  # labels of an image
        ((6,), (12, 8, 1), False),  # an image made from features
        ((6,), (4,), False),
        ((9, 6), (9, 4), False),  # a sequence
    ],
)
def test_masks_are_outputs_of_images_that_are_images_themselves(inputs, outputs, of_images):
    names = tuple(str(label) for label in range(outputs[-1]))
    assert Signature(inputs, outputs, names).of_images is of_images


def test_known_columns_take_their_place(signature):
    found = signature.known_columns(["c", "a"], np.array([[1, 0], [np.nan, 1]]), "file")
    np.testing.assert_array_equal(found, [[0, np.nan, 1], [1, np.nan, np.nan]])
    with pytest.raises(DataError, match="file: the model has no label 'd'; its labels are 'a'"):
        signature.known_columns(["d"], np.zeros((1, 1)), "file")


def test_wrong_inputs_are_named_with_their_row(signature):
    signature.check_inputs(np.zeros((4, 2)), "rows.csv")
    with pytest.raises(DataError, match=r"rows\.csv: rows of shape 3, but .* of shape 2"):
        signature.check_inputs(np.zeros((4, 3)), "rows.csv")
    with pytest.raises(DataError, match=r"rows\.csv: row 2, feature 1: inf is not a finite number"):
        signature.check_inputs(np.array([[0, 0], [np.inf, np.nan]]), "rows.csv")


def test_wrong_known_labels_are_named(signature):
    known = np.array([[0, 1, np.nan], [np.nan, 2, 0]])
    with pytest.raises(DataError, match=r"known: row 2, label 'b': 2\.0 is not 0, 1 or unknown"):
        signature.check_known(known, 2, "known")
    with pytest.raises(DataError, match="expected 4x3"):
        signature.check_known(known, 4, "known")
