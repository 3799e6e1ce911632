"""Which columns of a table are labels, and the labels of each row."""

import pathlib
import re
from xml.etree import ElementTree

import numpy as np

from alen_tf.datasets.readers.cells import text_of
from alen_tf.datasets.readers.tables import repetitions
from alen_tf.errors import DataError


def label_columns(table, labels):
    """The names of the columns that are labels, for `read_labels`.

    Args:
      table: a `Table`.
      labels: a list of names, a name, the path of a Mulan XML file, or the number of last columns.

    Raises:
      DataError: there are no such columns, or there are no other columns.
    """
    if isinstance(labels, int):
        labels = table.names[max(0, len(table.names) - labels) :]
    elif isinstance(labels, str):
        labels = xml_labels(labels) if is_xml(labels) else [labels]
    check_distinct(labels, table.source)
    table.columns(labels, "label")
    if not 0 < len(labels) < len(table.names):
        raise DataError(
            f"{table.source}: {len(labels)} labels among {len(table.names)} columns, expected "
            "both labels and features"
        )
    return tuple(labels)


def read_labels(table, names, separator=None, known=None, missing=False):
    """The labels of a table's rows: columns of 0 and 1, or one column of tags.

    A column of tags is the only one, of lists or of text such as "rock|pop", with nothing but tags
    between separators. As in what `predict` writes, "\\\\|" is a bar inside a tag.

    Args:
      table: a `Table`.
      names: the names of the columns.
      separator: separator between tags; "|" by default. If given, numbers are tags too.
      known: the possible tags; by default those that occur.
      missing: whether a cell of 0 or 1 may be missing.

    Returns:
      ([rows, labels], uint8 in {0, 1}, or float32 with NaN where labels are missing; the names of
      the labels).

    Raises:
      DataError: a cell is missing or invalid, or has an unknown tag.
    """
    columns = table.columns(names, "label")
    if len(columns) == 1 and (separator is not None or not table.holds_numbers(columns[0])):
        return _read_tags(table, columns[0], separator, known)
    y = np.empty((len(table), len(columns)), np.float32)
    for k, column in enumerate(columns):
        values = table.numbers(column, "0 or 1; a column of tags must be the only label")
        wrong = np.flatnonzero((values != 0) & (values != 1) & ~(missing & np.isnan(values)))
        if len(wrong):
            value = values[wrong[0]]
            found = f"{value:g}"
            if np.isnan(value):
                found = "missing; to learn from the other labels, set files.missing_labels = True"
            raise DataError(
                f"{table.place(wrong[0])}: labels are 0 or 1, but {names[k]!r} is {found}"
            )
        y[:, k] = values
    return (y if np.isnan(y).any() else y.astype(np.uint8)), tuple(names)


def _read_tags(table, column, separator, known):
    sets = [_tags(cell, separator or "|") for cell in table.frame[column]]
    found = sorted(set().union(*sets))
    if separator is None and all(len(tags) < 2 for tags in sets):
        for other in ";,":
            if several := [tag for tag in found if other in tag]:
                raise DataError(
                    f"{table.source}: {table.names[column]!r} has {several[0]!r}, but no '|'; "
                    f"say what separates tags: files.tag_separator = {other!r}, or '|'"
                )
    names = tuple(found if known is None else known)
    return indicator(sets, names, table.place, repr), names


def indicator(sets, names, place, text=str):
    """Sets of label names, one per row, as an indicator [rows, labels], uint8 in {0, 1}.

    Args:
      sets: the sets, or lists.
      names: of all labels, in order.
      place: function from a row to a description of its place, for errors.
      text: function from a name to its text in errors.

    Raises:
      DataError: a set has another name.
    """
    entries = {name: entry for entry, name in enumerate(names)}
    y = np.zeros((len(sets), len(entries)), np.uint8)
    for row, those in enumerate(sets):
        for name in those:
            if name not in entries:
                raise DataError(f"{place(row)}: no training row has the label {text(name)}")
            y[row, entries[name]] = 1
    return y


def _tags(cell, separator):
    """The set of tags in a cell."""
    if isinstance(cell, list | tuple | np.ndarray):
        return {str(tag) for tag in cell}
    text = text_of(cell) or ""
    if separator == "|":
        parts = [re.sub(r"\\(.)", r"\1", part) for part in _BETWEEN_BARS.findall(text)]
    else:
        parts = text.split(separator)
    return {part.strip() for part in parts} - {""}


_BETWEEN_BARS = re.compile(r"(?:\\.|[^|\\])+")


def check_distinct(labels, source):
    """Checks that no label is named twice.

    Raises:
      DataError: a label is repeated.
    """
    if repeated := repetitions(labels):
        raise DataError(f"{source}: {repeated[0]!r} is named twice as a label")


def is_xml(labels):
    """Whether a text in `files.labels` is the path of a Mulan XML file, not a name."""
    return pathlib.Path(labels).suffix.lower() == ".xml"


def xml_labels(path):
    """The label names of a Mulan XML file, in its order.

    Raises:
      DataError: the file cannot be read, is not XML, declares entities, or names no labels.
    """
    try:
        text = pathlib.Path(path).read_text(encoding="utf-8")
        if "<!ENTITY" in text:
            raise DataError(f"{path}: entity declarations are not allowed")
        elements = ElementTree.fromstring(text).iter()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except (ElementTree.ParseError, ValueError) as error:
        raise DataError(f"{path}: not a Mulan label file: {error}") from error
    names = [
        element.get("name") for element in elements if element.tag.rpartition("}")[2] == "label"
    ]
    if not names or None in names:
        raise DataError(f"{path}: not a Mulan label file: it names no labels")
    return tuple(names)
