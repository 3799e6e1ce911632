"""A user's own files as a data set: tables with named columns, NPZ or libsvm."""

import os

import gin
import numpy as np

from alen_tf.datasets import stratified
from alen_tf.datasets.readers.labelled_arrays import read_arrays
from alen_tf.datasets.readers.labelled_tables import read_tables
from alen_tf.datasets.readers.opened import kind, without_gz
from alen_tf.datasets.readers.preprocessing import check_missing
from alen_tf.datasets.readers.tables import READERS
from alen_tf.datasets.readers.unnamed import SUFFIXES
from alen_tf.datasets.splits import Splits, three_splits
from alen_tf.errors import ConfigError, DataError, check_count, shortened


@gin.register
def files(
    train=None,
    labels=None,
    test=None,
    missing=None,
    categories=(),
    ignore=(),
    tag_separator=None,
    missing_labels=False,
    validation_fraction=0.2,
    test_fraction=0.2,
    seed=0,
    manual_dir=None,
    data_dir=None,
):
    """Loads a user's files, by their suffixes.

    A column of numbers is a feature; true and yes are 1, false and no are 0. A column of text
    becomes one feature per category in the training rows, 1 where the row has the category. Dates,
    and text that differs in most rows, are rejected.

    Args:
      train: the training file: a table with named columns (`.csv` or `.tsv` with any delimiter,
        `.jsonl`, `.arff`, all of these also as `.gz`, `.parquet`, `.xlsx`), `.npz` with arrays "x"
        and "y", or `.svm` or `.libsvm` with numbers of labels.
      labels: which columns of a table are labels of 0 and 1 (or of true and false, yes and no): a
        name, a list of names, how many of the last columns, or the path of a Mulan XML file
        (`.xml`). A single column of text such as "rock|pop" has tags, each of which is a label. Of
        the labels of an NPZ file these are the names.
      test: the test file. Its columns are matched by name with those of the training file.
      missing: what a missing cell ("", "?", "NA", "NaN", "null") of a column of numbers becomes:
        "median" or "mean", those of its column in the training rows, or "zero"; a missing category
        is then encoded as no category at all. By default a missing cell is an error.
      categories: a name or names of columns whose numbers are codes of categories, or whose text
        has more categories than is usual.
      ignore: a name or names of columns that are neither features nor labels.
      tag_separator: separator between the tags of a row; "|" by default.
      missing_labels: whether cells of labels may be missing: models then learn from, and are
        scored on, the others.
      validation_fraction: share of the training rows held out for validation; 0 if they choose
        nothing, as in cross-fitting.
      test_fraction: without a test file, the share of rows held out for testing, before validation.
      seed: of what is held out.
      manual_dir, data_dir: not used; paths are relative to the working directory.

    Raises:
      ConfigError: `train` is missing, `labels` is needed, or a setting is out of range.
      DataError: a file is missing or malformed, or cannot be learned from.
    """
    del manual_dir, data_dir
    if train is None:
        raise ConfigError("name the file to learn from: --gin_param=\"files.train = 'FILE'\"")
    _check_path("files.train", train)
    if test is not None:
        _check_path("files.test", test)
    _check_labels(labels)
    check_missing(missing)
    if tag_separator is not None and (not isinstance(tag_separator, str) or not tag_separator):
        raise ConfigError(
            f"files.tag_separator is {tag_separator!r}, expected one or more characters"
        )
    categories, ignore = _listed("categories", categories), _listed("ignore", ignore)
    tables = {path: kind(path) in READERS for path in (train, test) if path is not None}
    for path in tables:
        if kind(path) not in (*READERS, *SUFFIXES):
            raise DataError(f"{path}: not one of {', '.join((*READERS, *SUFFIXES))}")
    if len(set(tables.values())) > 1:
        raise ConfigError(f"{train} and {test}: one has named columns, the other does not")

    def divide(examples, held_out):
        fractions = validation_fraction, test_fraction
        return three_splits(train, examples, None, held_out, *fractions, seed, stratified.hold_out)

    preprocessing, named = None, tables[train]
    if named:
        if labels is None:
            raise ConfigError(f"say which columns of {train} are labels: files.labels = ...")
        choices = {"missing": missing, "categories": categories}
        splits, label_names, preprocessing = read_tables(
            train, labels, test, divide, ignore, tag_separator, bool(missing_labels), **choices
        )
    else:
        settings = {
            "missing": missing,
            "categories": categories,
            "ignore": ignore,
            "missing_labels": missing_labels,
        }
        for name in (name for name, setting in settings.items() if setting):
            raise ConfigError(f"{train} has no named columns: leave out files.{name}")
        splits, label_names = read_arrays(train, labels, test, divide)
    labelled = np.concatenate([part.y for part in splits[: 3 if test is None else 2]])
    never = [label_names[label] for label in np.flatnonzero(~(labelled == 1).any(axis=0))]
    if never:
        raise DataError(f"{train}: no row has the label {shortened(never)}: leave it out")
    return Splits(
        without_gz(train).stem,
        *splits,
        label_names,
        preprocessing.names if named else (),
        preprocessing=preprocessing if named and preprocessing.needed else None,
    )


def _check_path(name, path):
    if not isinstance(path, str | os.PathLike):
        raise ConfigError(f"{name} is {path!r}, expected the path of a file, in quotes")


def _listed(name, names):
    """One name or several, as a tuple."""
    names = (names,) if isinstance(names, str) else names
    if not isinstance(names, tuple | list) or not all(isinstance(one, str) for one in names):
        raise ConfigError(f"files.{name} is {names!r}, expected names of columns, each in quotes")
    return tuple(names)


def _check_labels(labels):
    if isinstance(labels, tuple | list):
        if not labels or not all(isinstance(name, str) for name in labels):
            raise ConfigError(f"files.labels is {labels!r}, expected names, each in quotes")
    elif labels is not None and not isinstance(labels, str):
        check_count("files.labels", labels)
