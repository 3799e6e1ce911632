"""Predictions as text: CSV or JSON lines, with the names of labels."""

import csv
import io
import json
import math
import pathlib

from alen_tf.errors import UserError


def as_csv(prediction, names):
    """A header, then per row its labels (joined by "|"), its confidence and all relaxed outputs."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["labels", "confidence", *names])
    for labels, relaxed, confidence in zip(*prediction, strict=True):
        chosen = "|".join(name for name, label in zip(names, labels, strict=True) if label)
        values = [f"{value:.6g}" for value in relaxed]
        writer.writerow([chosen, "" if math.isnan(confidence) else f"{confidence:.6g}", *values])
    return text.getvalue()


def as_json_lines(prediction, names):
    """Per row an object {"labels": [names], "confidence": number, "relaxed": {name: number}}."""
    lines = []
    for labels, relaxed, confidence in zip(*prediction, strict=True):
        row = {
            "labels": [name for name, label in zip(names, labels, strict=True) if label],
            "confidence": None if math.isnan(confidence) else float(confidence),
            "relaxed": dict(zip(names, map(float, relaxed), strict=True)),
        }
        lines.append(json.dumps(row, ensure_ascii=False) + "\n")
    return "".join(lines)


FORMATS = {".csv": as_csv, ".jsonl": as_json_lines}


def format_of(path):
    """The function that writes predictions for a file with the suffix of `path`.

    Raises:
      UserError: there is none.
    """
    suffix = pathlib.Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise UserError(f"--output={path}: expected a name that ends in {' or '.join(FORMATS)}")
    return FORMATS[suffix]
