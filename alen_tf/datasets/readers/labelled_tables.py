"""Tables with labels as examples, with preprocessing fitted to the training rows."""

import numpy as np

from alen_tf.datasets.readers.labels import label_columns, read_labels
from alen_tf.datasets.readers.preprocessing import Preprocessing
from alen_tf.datasets.readers.tables import read_table
from alen_tf.datasets.splits import Examples
from alen_tf.errors import DataError


def read_tables(
    train, labels, test, divide, ignore=(), separator=None, missing_labels=False, **choices
):
    """Reads a training and a test table, or one table for both.

    Args:
      train: file of the training table.
      labels: see `label_columns`.
      test: file of the test table, whose columns are matched by name; None for none.
      divide: function of (examples, test examples or None) that returns training, validation and
        test examples; their inputs are the numbers of rows.
      ignore: names of columns that are neither features nor labels.
      separator: see `read_labels`; and
      missing_labels: `missing` there.
      choices: of `Preprocessing.fit`.

    Returns:
      (training, validation and test `Examples`; label names; `Preprocessing`). Inputs are uint8 if
      all of a file's inputs are 0 or 1, otherwise float32.

    Raises:
      DataError: a file is missing or malformed, or lacks a column.
    """
    table = read_table(train)
    names = label_columns(table, labels)
    rows, label_names = _rows(table, names, separator, missing=missing_labels)
    other, held_out = table, None
    if test is not None:
        other = read_table(test)
        held_out, _ = _rows(other, names, separator, label_names, missing_labels)
    left_out = table.columns([*names, *ignore], "column of files.ignore")
    features = np.setdiff1d(np.arange(len(table.names)), left_out)
    if not len(features):
        raise DataError(f"{train}: no column is left as a feature")
    parts = divide(rows, held_out)
    preprocessing = Preprocessing.fit(table, features, parts[0].x, **choices)
    x = _small(preprocessing(table))
    inputs = (x, x, x if test is None else _small(preprocessing(other)))
    examples = [Examples(x[part.x], part.y) for x, part in zip(inputs, parts, strict=True)]
    return examples, label_names, preprocessing


def _rows(table, names, separator, known=None, missing=False):
    y, label_names = read_labels(table, names, separator, known, missing)
    return Examples(np.arange(len(table)), y), label_names


def _small(x):
    return x.astype(np.uint8) if np.all((x == 0) | (x == 1)) else x
