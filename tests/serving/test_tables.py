import csv
import io
import json
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest

from alen_tf.errors import UserError
from alen_tf.evaluation.signature import Signature
from alen_tf.evaluation.trained_model import Prediction
from alen_tf.serving import tables

NAMES = ("sun|sea", "a\\b", "c\\|d", "e,f", "plain")


def predicted(labels):
    labels = np.array(labels, np.uint8)
    return Prediction(labels, 0.5 * labels, np.array([0.25] * (len(labels) - 1) + [np.nan]))


def split(text):
    """The labels of a column, as the documentation says how they are written."""
    found, characters = [""] if text else [], iter(text)
    for character in characters:
        if character == "|":
            found.append("")
        else:
            found[-1] += next(characters) if character == "\\" else character
    return found


def test_no_character_of_a_label_breaks_a_column():
    sets = [[1, 1, 1, 1, 1], [0, 0, 1, 0, 1], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0]]
    text = tables.as_csv(predicted(sets), NAMES, 0.01)
    header, *rows = csv.reader(io.StringIO(text))
    assert header == ["labels", "confidence", "threshold", *NAMES]
    for row, chosen in zip(rows, sets, strict=True):
        assert split(row[0]) == [name for name, label in zip(NAMES, chosen, strict=True) if label]
    assert [row[0] for row in rows[1:]] == ["c\\\\\\|d|plain", "", "sun\\|sea"]
    assert [row[1] for row in rows] == ["0.25", "0.25", "0.25", ""]
    assert [row[2] for row in rows] == ["0.01"] * 4


def test_json_lines_have_labels_as_they_are():
    (line,) = tables.as_json_lines(predicted([[1, 1, 0, 0, 0]]), NAMES, 0.01).splitlines()
    assert json.loads(line) == {
        "labels": ["sun|sea", "a\\b"],
        "confidence": None,
        "threshold": 0.01,
        "relaxed": dict(zip(NAMES, [0.5, 0.5, 0, 0, 0], strict=True)),
    }


def test_labels_that_are_decoded_together_have_no_threshold():
    class Marginals(NamedTuple):
        labels: np.ndarray
        marginals: np.ndarray
        confidence: np.ndarray

    found = Marginals(*predicted([[1, 0, 0, 0, 0], [0, 0, 0, 0, 1]]))
    _, *rows = csv.reader(io.StringIO(tables.as_csv(found, NAMES, None)))
    assert [row[2] for row in rows] == ["", ""]
    line = json.loads(tables.as_json_lines(found, NAMES, None).splitlines()[1])
    assert line["threshold"] is None
    assert line["marginals"]["plain"] == 0.5


def test_outputs_of_several_axes_have_no_columns(tmp_path):
    model = SimpleNamespace(signature=Signature((4,), (2, 3), ("sea", "sun", "sky")))
    with pytest.raises(UserError, match=r"outputs of shape \(2, 3\) do not fit in a table"):
        tables.predict_file(model, "rows.csv", str(tmp_path / "out.csv"))
