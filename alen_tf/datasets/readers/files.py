"""A user's own files as a data set: tables with named columns, NPZ or libsvm."""

import os

import gin
import numpy as np

from alen_tf.datasets.readers.labelled_tables import read_tables
from alen_tf.datasets.readers.labels import check_distinct, is_xml, xml_labels
from alen_tf.datasets.readers.opened import kind, without_gz
from alen_tf.datasets.readers.preprocessing import check_missing
from alen_tf.datasets.readers.tables import READERS
from alen_tf.datasets.readers.unnamed import SUFFIXES, read_libsvm, read_npz
from alen_tf.datasets.splits import Examples, Splits, three_splits
from alen_tf.errors import ConfigError, DataError, check_count, check_finite, shortened


@gin.register
def files(
    train=None,
    labels=None,
    test=None,
    missing=None,
    categories=(),
    ignore=(),
    tag_separator=None,
    validation_fraction=0.2,
    test_fraction=0.2,
    seed=0,
    manual_dir=None,
    data_dir=None,
):
    """Loads a user's files, which their suffixes tell apart.

    A column of numbers is a feature as it is, True and yes being 1, False and no 0. A column of
    text becomes a feature per category that a training row has, 1 where the row has it. Dates, and
    text that is another one in most rows, are refused.

    Args:
      train: the training file: a table with named columns (`.csv` or `.tsv` with any delimiter,
        `.jsonl`, `.arff`, all of these also as `.gz`, `.parquet`, `.xlsx`), `.npz` with arrays "x"
        and "y", or `.svm` or `.libsvm` with numbers of labels.
      labels: which columns of a table are labels of 0 and 1 (or of true and false, yes and no): a
        name, a list of names, how many of the last columns, or the path of a Mulan XML file
        (`.xml`). A single column of text such as "rock|pop" has tags, each of which is a label. Of
        the labels of an NPZ file these are the names.
      test: the test file. Its columns are found by the names of the training file's.
      missing: what a missing cell ("", "?", "NA", "NaN", "null") of a column of numbers becomes:
        "median" or "mean", those of its column in the training rows, or "zero"; a missing category
        then is none of the categories. By default a missing cell is an error.
      categories: a name or names of columns whose numbers are codes of categories, or whose text
        has more categories than is usual.
      ignore: a name or names of columns that are neither features nor labels.
      tag_separator: what parts the tags of a row; "|" by default.
      validation_fraction: share of the training rows held out for validation.
      test_fraction: without a test file, the share of rows that is held out for the test first.
      seed: of what is held out.
      manual_dir, data_dir: not used; paths are relative to the working directory.

    Raises:
      ConfigError: there is no `train`, it needs `labels`, or a setting is out of its range.
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
        raise ConfigError(f"files.tag_separator is {tag_separator!r}, expected characters")
    categories, ignore = _listed("categories", categories), _listed("ignore", ignore)
    tables = {path: kind(path) in READERS for path in (train, test) if path is not None}
    for path in tables:
        if kind(path) not in (*READERS, *SUFFIXES):
            raise DataError(f"{path}: not one of {', '.join((*READERS, *SUFFIXES))}")
    if len(set(tables.values())) > 1:
        raise ConfigError(f"{train} and {test}: one has named columns, the other has none")

    def divide(examples, held_out):
        return three_splits(
            train, examples, None, held_out, validation_fraction, test_fraction, seed
        )

    preprocessing, named = None, tables[train]
    if named:
        if labels is None:
            raise ConfigError(f"say which columns of {train} are labels: files.labels = ...")
        choices = {"missing": missing, "categories": categories}
        splits, label_names, preprocessing = read_tables(
            train, labels, test, divide, ignore, tag_separator, **choices
        )
    else:
        settings = {"missing": missing, "categories": categories, "ignore": ignore}
        for name in (name for name, setting in settings.items() if setting):
            raise ConfigError(f"{train} has no named columns: leave files.{name} out")
        splits, label_names = _read_unnamed(train, labels, test, divide)
    labelled = np.concatenate([part.y for part in splits[: 3 if test is None else 2]])
    never = [label_names[label] for label in np.flatnonzero(~labelled.any(axis=0))]
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


def _read_unnamed(train, labels, test, divide):
    """NPZ and libsvm files: (the three splits, label names)."""
    examples, label_names = _read(train, labels)
    held_out = None
    if test is not None:
        held_out, names = _read(test, labels, examples.x.shape[1], label_names)
        if names != label_names or held_out.x.shape[1:] != examples.x.shape[1:]:
            raise DataError(f"{test}: its features and labels are not those of {train}, in order")
    return divide(examples, held_out), label_names


def _read(path, labels, features=None, label_names=None):
    """Reads one file: (Examples, label names).

    Args:
      path: the file.
      labels: see `files`.
      features: number of features of the training file, where this is the test file.
      label_names: its label names, likewise.
    """
    if kind(path) == ".npz":
        examples = Examples(_matrix(path, "x"), _matrix(path, "y"))
        label_names = _names_of(path, examples.y.shape[1], labels)
        check_distinct(label_names, path)
        if len(examples.x) != len(examples.y):
            raise DataError(f"{path}: {len(examples.x)} rows in x, but {len(examples.y)} in y")
        _check_binary(examples.y, label_names, path)
    else:
        if labels is not None:
            raise ConfigError(f"{path} has numbers for labels: leave files.labels out")
        x, numbers = read_libsvm(path, features)
        numbers = [[np.format_float_positional(n, trim="-") for n in row] for row in numbers]
        known = label_names or sorted({n for row in numbers for n in row}, key=float)
        label_names = tuple(known)
        examples = Examples(x, _indicator(path, numbers, label_names))
    if not label_names:
        raise DataError(f"{path}: has no labels")
    check_finite(examples.x, path)
    return Examples(examples.x, examples.y.astype(np.uint8)), label_names


def _matrix(path, name):
    """The array `name` of an NPZ file, [rows, columns]."""
    array = read_npz(path, name)
    if array.ndim != 2 or (name == "x" and not array.shape[1]):
        raise DataError(f"{path}: {name!r} has shape {array.shape}, expected [rows, columns]")
    return array


def _names_of(path, count, names):
    """A name for each of `count` labels without names: those of a list, or "0", "1", ..."""
    if names is None or names == count:
        return tuple(map(str, range(count)))
    if isinstance(names, str):
        names = xml_labels(names) if is_xml(names) else (names,)
    found = names if isinstance(names, int) else len(names)
    if found != count:
        raise DataError(f"{path}: {count} labels in y, but {found} in files.labels")
    return tuple(names)


def _check_binary(y, names, path):
    """Checks that labels, [rows, labels], are 0 or 1."""
    wrong = np.argwhere((y != 0) & (y != 1))
    if len(wrong):
        row, column = wrong[0]
        raise DataError(
            f"{path}: row {row + 1}: labels are 0 or 1, but {names[column]!r} is {y[row, column]}"
        )


def _indicator(path, numbers, label_names):
    """[rows, labels] in {0, 1} of rows of label names."""
    columns = {name: column for column, name in enumerate(label_names)}
    y = np.zeros((len(numbers), len(columns)), np.uint8)
    for row, names in enumerate(numbers):
        for name in names:
            if name not in columns:
                raise DataError(f"{path}: row {row + 1}: no training row has the label {name}")
            y[row, columns[name]] = 1
    return y
