"""A user's own data from file to file: train, evaluate, predict, export, as commands, and the
estimator beside them."""

import csv
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from alen_tf import ALENClassifier
from alen_tf.errors import UserError
from alen_tf.objectives.metrics import example_f1
from alen_tf.serving import saved_model as exported
from alen_tf.serving import tables as predictions
from alen_tf.serving import trained
from tests.commands import assert_one_clear_line, run
from tests.own_rows import LABELS, rows, write_csv, write_files

GIN = "gin/own/multilabel_joint.gin"
EPOCHS = 3


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A folder with train.csv, test.csv, rows.csv without labels, and a trained workdir."""
    folder = tmp_path_factory.mktemp("own")
    write_files(folder)
    done = run(
        "train",
        f"--gin_file={GIN}",
        f"--workdir={folder / 'run'}",
        f"--gin_param=train.epochs = {EPOCHS}",
        f"--gin_param=files.train = '{folder}/train.csv'",
        f"--gin_param=files.test = '{folder}/test.csv'",
        f"--gin_param=files.labels = {list(LABELS)}",
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def results(own):
    return json.loads((own / "run" / "results.json").read_text())


@pytest.fixture(scope="module")
def estimator():
    """The same model from Python: the same rows, parameters and seed."""
    return ALENClassifier(estimator=None, epochs=EPOCHS, random_state=0).fit(*rows(150, 0))


@pytest.fixture(scope="module")
def predicted(own):
    """JSON lines that the command predicts for rows.csv, without the data it was trained on."""
    hidden = own / "hidden.csv"
    shutil.move(own / "train.csv", hidden)
    try:
        output = own / "predictions.jsonl"
        options = [f"--input={own / 'rows.csv'}", f"--output={output}"]
        done = run("predict", f"--workdir={own / 'run'}", *options)
    finally:
        shutil.move(hidden, own / "train.csv")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in output.read_text().splitlines()]


def indicator(lines):
    return np.array([[name in line["labels"] for name in LABELS] for line in lines])


def relaxed(lines):
    return np.array([[line["relaxed"][name] for name in LABELS] for line in lines])


def test_the_three_ways_agree(own, results, estimator, predicted):
    x, y = rows(60, 1)
    expected = results["test"]["tuned"]["refined"]
    assert estimator.score(x, y) == pytest.approx(expected, abs=1e-9)
    assert example_f1(indicator(predicted), y) == pytest.approx(expected, abs=1e-9)
    np.testing.assert_allclose(relaxed(predicted), estimator.predict_proba(x), atol=1e-5)
    confidence = [line["confidence"] for line in predicted]
    np.testing.assert_allclose(confidence, estimator.confidence(x), atol=1e-5)

    done = run("export", f"--workdir={own / 'run'}", f"--output={own / 'saved' / '1'}")
    assert done.returncode == 0, done.stderr
    served = tf.saved_model.load(str(own / "saved" / "1")).signatures["serving_default"](x=x)
    np.testing.assert_allclose(served["relaxed"], estimator.predict_proba(x), atol=1e-5)
    np.testing.assert_array_equal(served["labels"], estimator.predict(x))


def test_the_workdir_says_what_the_model_takes_and_gives(own, results):
    signature = json.loads((own / "run" / "model.json").read_text())
    assert signature == {
        "input_shape": [4],
        "output_shape": [3],
        "label_names": list(LABELS),
        "feature_names": ["a", "b", "c", "d"],
        "threshold": results["validation"]["tuned"]["threshold"],
        "expected": "F1",
    }


def test_a_label_has_at_least_the_threshold_of_its_row(predicted):
    thresholds = np.array([line["threshold"] for line in predicted])
    np.testing.assert_array_equal(indicator(predicted), relaxed(predicted) >= thresholds[:, None])


def test_known_labels_are_kept_and_matter(own, predicted, estimator):
    x, y = rows(60, 1)
    write_csv(
        own / "known.csv", ["sea"], [[value] if i % 2 else ["?"] for i, value in enumerate(y[:, 1])]
    )
    options = [f"--input={own / 'rows.csv'}", f"--known={own / 'known.csv'}"]
    output = own / "known_predictions.csv"
    done = run("predict", f"--workdir={own / 'run'}", *options, f"--output={output}", "--steps=3")
    assert done.returncode == 0, done.stderr
    with output.open(newline="") as file:
        lines = list(csv.DictReader(file))
    known = np.full((60, 3), np.nan)
    known[1::2, 1] = y[1::2, 1]
    expected = estimator.predict_proba(x, known=known)
    found = np.array([[float(line[name]) for name in LABELS] for line in lines])
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_array_equal(found[1::2, 1], y[1::2, 1])
    assert {float(line["threshold"]) for line in lines} == {estimator.threshold_}
    np.testing.assert_allclose(found[::2], relaxed(predicted)[::2], atol=1e-5)
    labels = [set(line["labels"].split("|")) - {""} for line in lines]
    expected = estimator.predict(x, known=known)
    assert labels == [{n for n, v in zip(LABELS, row, strict=True) if v} for row in expected]


@pytest.fixture(scope="module")
def model(own):
    return trained.load(own / "run")


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"source": "none.csv"}, ["none.csv: cannot be read"]),
        ({"source": "short.csv"}, ["short.csv", "has no feature 'a'"]),
        ({"source": "wide.npz"}, ["wide.npz", "rows of shape 5", "rows of shape 4"]),
        ({"source": "gaps.csv"}, ["gaps.csv:3: 'c' is missing", "files.missing = 'median'"]),
        ({"known": "moon.csv"}, ["moon.csv", "the model has no label 'moon'", "'sun'"]),
        ({"known": "few.csv"}, ["few.csv", "shape 2x3", "expected 60x3"]),
        ({"known": "half.csv"}, ["half.csv", "row 1, label 'sun'", "0.5"]),
        ({"target": "out.txt"}, ["out.txt", ".csv or .jsonl"]),
        ({"target": "rows.csv/out.csv"}, ["out.csv", "cannot be written"]),
    ],
)
def test_a_mistake_is_named_and_leaves_no_output(own, model, options, parts):
    write_csv(own / "short.csv", ["b"], [[1]])
    write_csv(own / "gaps.csv", "abcd", [[1, 2, 3, 4], [1, 2, "", 4]])
    write_csv(own / "moon.csv", ["moon"], [[1]] * 60)
    write_csv(own / "few.csv", ["sun"], [[1]] * 2)
    write_csv(own / "half.csv", ["sun"], [[0.5]] * 60)
    np.savez(own / "wide.npz", x=np.zeros((3, 5)))
    paths = {"source": "rows.csv", "target": "never.csv"} | options
    with pytest.raises(UserError) as caught:
        predictions.predict_file(model, **{name: own / path for name, path in paths.items()})
    for part in parts:
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (own / paths["target"]).exists()


@pytest.mark.slow  # every command says a mistake as train does, in tests/test_train.py
def test_commands_print_one_clear_line(own):
    options = [f"--workdir={own / 'run'}", f"--input={own}/none.csv", f"--output={own}/never.csv"]
    assert_one_clear_line(run("predict", *options), "none.csv: cannot be read")


def test_a_folder_that_exists_is_left_alone(own, model):
    with pytest.raises(UserError, match="exists already"):
        exported.save(model, own)


SERVED = """
import sys, json, numpy as np, tensorflow as tf
loaded = tf.saved_model.load(sys.argv[1])
assert "alen_tf" not in sys.modules
data = dict(np.load(sys.argv[2]))
steps = tf.constant(4)
missing = data["x"].copy()
missing[3, 1] = np.nan
try:
    loaded.signatures["serving_default"](x=tf.constant(missing))
except tf.errors.InvalidArgumentError as error:
    refused = str(error)
np.savez(
    sys.argv[3],
    refused=refused,
    plain=loaded.signatures["serving_default"](x=tf.constant(data["x"]))["relaxed"],
    refined=loaded.signatures["refine"](x=tf.constant(data["x"]), steps=steps)["relaxed"],
    **loaded.signatures["complete"](
        x=tf.constant(data["x"][:7]),
        steps=steps,
        mask=tf.constant(~np.isnan(data["known"])),
        values=tf.constant(np.nan_to_num(data["known"])),
    ),
)
"""


def test_a_saved_model_needs_nothing_but_tensorflow(model, tmp_path):
    exported.save(model, tmp_path / "saved")
    x = rows(60, 1)[0]
    known = np.full((7, 3), np.nan, np.float32)
    known[:, 0] = 1
    np.savez(tmp_path / "data.npz", x=x, known=known)
    paths = [tmp_path / name for name in ("saved", "data.npz", "out.npz")]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    subprocess.run(
        [sys.executable, "-c", SERVED, *map(str, paths)], check=True, cwd=tmp_path, env=environment
    )
    found = np.load(tmp_path / "out.npz")
    assert "x has a value that is not finite" in str(found["refused"])
    np.testing.assert_allclose(found["plain"], model(x).relaxed, atol=1e-5)
    np.testing.assert_allclose(found["refined"], model(x, steps=4).relaxed, atol=1e-5)
    expected = model(x[:7], steps=4, known=known)
    for name in ("labels", "relaxed", "confidence"):
        np.testing.assert_allclose(found[name], getattr(expected, name), atol=1e-5)
    names = json.loads((tmp_path / "saved" / "assets.extra" / "model.json").read_text())
    assert names["label_names"] == list(LABELS)
