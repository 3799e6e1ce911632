"""Writes a folder of shards from libsvm files, in two passes that hold one part of a file each."""

import collections
import contextlib
import pathlib

import numpy as np
import tensorflow as tf

from alen_tf.datasets.readers.libsvm_parts import read_parts
from alen_tf.datasets.readers.tags import sha256
from alen_tf.datasets.readers.unnamed import MOST_FEATURES
from alen_tf.datasets.shards import HEADER, training_file
from alen_tf.errors import ConfigError, DataError, check_count, check_seed
from alen_tf.storage import check_absent, first_folder, write_json

MOST_FILES = 500  # which are open at the same time


def write(inputs, folder, held_out=2000, rows_per_file=20_000, seed=0):
    """Writes the rows of libsvm files as shards.

    Each row goes to a file that is drawn at random, so that a few files look like all: training
    then mixes rows of a few files at a time.

    Args:
      inputs: paths of the files, each with any number of labels per row; see `read_parts`.
      folder: the folder to make.
      held_out: number of rows, drawn at random, of the validation split, and of the test split.
      rows_per_file: mean number of rows of a training file.
      seed: of all draws.

    Returns:
      The number of training rows.

    Raises:
      ConfigError: a number is out of its range, or there is no file.
      DataError: a file cannot be read or is malformed, or there are too few rows.
      WorkdirError: the folder exists, or cannot be written.
    """
    if not inputs:
        raise ConfigError("name a libsvm file with --input")
    check_count("held_out", held_out)
    check_count("rows_per_file", rows_per_file)
    check_seed("seed", seed)
    check_absent(pathlib.Path(folder))  # before the files are read
    rows, features, counts = _survey(inputs)
    if rows <= 2 * held_out:
        raise DataError(
            f"{inputs[0]}: {rows:,} rows, of which {held_out:,} are held out for validation and "
            f"as many for testing, leave none to learn from: pass a smaller --held_out"
        )
    numbers = sorted(counts)
    files = min(MOST_FILES, -(-(rows - 2 * held_out) // rows_per_file))
    draws = np.random.default_rng(seed)
    held = draws.choice(rows, 2 * held_out, replace=False)
    splits = dict.fromkeys(held[:held_out].tolist(), "validation.tfrecord")
    splits |= dict.fromkeys(held[held_out:].tolist(), "test.tfrecord")
    with first_folder(pathlib.Path(folder)) as part, contextlib.ExitStack() as stack:
        training = [training_file(number) for number in range(files)]
        names = ["validation.tfrecord", "test.tfrecord", *training]
        writers = {
            name: stack.enter_context(tf.io.TFRecordWriter(str(part / name))) for name in names
        }
        entries = {number: entry for entry, number in enumerate(numbers)}
        written, label_counts = dict.fromkeys(names, 0), np.zeros(len(numbers), np.int64)
        for row, (columns, values, labels) in enumerate(_rows(inputs)):
            name = splits.get(row) or training[draws.integers(files)]
            labels = [entries[number] for number in labels]
            writers[name].write(_record(columns, values, labels))
            written[name] += 1
            if row not in splits:
                label_counts[labels] += 1
        stack.close()  # so that files are complete
        content = {
            "features": features,
            "label_names": [_name(number) for number in numbers],
            "rows": [written[name] for name in training],
            "label_counts": label_counts.tolist(),
            "bytes": {name: (part / name).stat().st_size for name in names},
            "sha256": {name: sha256(part / name) for name in names},
        }
        write_json(part / HEADER, content)
    return sum(content["rows"])


def _survey(inputs):
    """The first pass: (number of rows, number of features, rows by label number)."""
    rows, features, stored, counts = 0, 0, 0, collections.Counter()
    for path in inputs:
        for x, labels in read_parts(path):
            rows, features, stored = rows + x.shape[0], max(features, x.shape[1]), stored + x.nnz
            for numbers in labels:
                counts.update(set(numbers))
    if not counts or not stored:
        raise DataError(f"{', '.join(map(str, inputs))}: no row has a label, or none has a feature")
    if features > MOST_FEATURES:
        raise DataError(
            f"{', '.join(map(str, inputs))}: {features:,} features are more than {MOST_FEATURES:,}"
        )
    return rows, features, counts


def _rows(inputs):
    """The second pass: (columns, values, label numbers) of each row."""
    for path in inputs:
        for x, labels in read_parts(path):
            x.sum_duplicates()  # which also sorts columns
            ends = x.indptr
            for row, numbers in enumerate(labels):
                entries = slice(ends[row], ends[row + 1])
                yield x.indices[entries], x.data[entries], sorted(set(numbers))


def _record(columns, values, labels):
    """A row as a serialised `tf.train.Example`."""
    feature = {
        "columns": tf.train.Feature(int64_list=tf.train.Int64List(value=columns)),
        "values": tf.train.Feature(float_list=tf.train.FloatList(value=values)),
        "labels": tf.train.Feature(int64_list=tf.train.Int64List(value=labels)),
    }
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString(
        deterministic=True
    )


def _name(number):
    """The name of a label that is a number: "3" for 3.0."""
    return np.format_float_positional(number, trim="-")
