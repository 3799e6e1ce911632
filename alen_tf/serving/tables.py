"""Predictions as text: CSV or JSON lines, with the names of labels."""

import csv
import io
import json
import math
import pathlib

from alen_tf.datasets.readers.rows import read_inputs, read_known
from alen_tf.errors import UserError
from alen_tf.storage import write


def as_csv(prediction, names, threshold):
    """A header, then for each row its labels, its confidence, the threshold at which an output
    becomes a label, and all outputs. The threshold is empty if labels are decoded together.

    Labels are joined by "|"; inside a label it is written "\\|", and a backslash "\\\\".
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["labels", "confidence", "threshold", *names])
    escaped = [name.replace("\\", "\\\\").replace("|", "\\|") for name in names]
    limit = "" if threshold is None else f"{threshold:g}"
    for labels, outputs, confidence in zip(*prediction, strict=True):
        chosen = "|".join(name for name, label in zip(escaped, labels, strict=True) if label)
        values = [f"{value:.6g}" for value in outputs]
        expected = "" if math.isnan(confidence) else f"{confidence:.6g}"
        writer.writerow([chosen, expected, limit, *values])
    return text.getvalue()


def as_json_lines(prediction, names, threshold):
    """Per row an object {"labels": [names], "confidence": number, "threshold": number, "relaxed":
    {name: number}}, or "marginals" if the outputs are marginals."""
    lines, outputs = [], prediction._fields[1]
    for labels, values, confidence in zip(*prediction, strict=True):
        row = {
            "labels": [name for name, label in zip(names, labels, strict=True) if label],
            "confidence": None if math.isnan(confidence) else float(confidence),
            "threshold": threshold,
            outputs: dict(zip(names, map(float, values), strict=True)),
        }
        lines.append(json.dumps(row, ensure_ascii=False) + "\n")
    return "".join(lines)


FORMATS = {".csv": as_csv, ".jsonl": as_json_lines}


def check_name(path):
    """Checks that the suffix of `path` names a format.

    Raises:
      UserError: it does not.
    """
    if pathlib.Path(path).suffix.lower() not in FORMATS:
        raise UserError(f"{path}: the file of predictions must end in {' or '.join(FORMATS)}")


def predict_file(model, source, target, known=None, steps=None):
    """Predicts for the rows of a file into another file, which appears complete or not at all.

    Args:
      model: a `TrainedModel`, or a model with the same interface.
      source: file of rows, see `read_inputs`.
      target: file of predictions, `.csv` or `.jsonl`.
      known: file of known labels, see `read_known`.
      steps: number of refinement steps; the configured number by default.

    Returns:
      The number of rows.

    Raises:
      UserError: a file cannot be read or written, or does not fit the model.
    """
    check_name(target)
    shape = model.signature.output_shape
    if len(shape) != 1:
        raise UserError(f"outputs of shape {shape} do not fit in a table; call the model in Python")
    x = read_inputs(source, model.signature)
    values = None
    if known is not None:
        values = read_known(known, model.signature)
        model.signature.check_known(values, x.shape[0], known)
    prediction = model(x, steps, values, source=source)
    as_text = FORMATS[pathlib.Path(target).suffix.lower()]
    text = as_text(prediction, model.signature.label_names, model.signature.threshold)
    write(pathlib.Path(target), text)
    return x.shape[0]
