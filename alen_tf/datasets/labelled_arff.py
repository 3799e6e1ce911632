"""Multi-label ARFF files: an XML file, a number or names say which attributes are labels."""

import pathlib
from xml.etree import ElementTree

import numpy as np

from alen_tf.datasets.arff import read_arff
from alen_tf.datasets.splits import Examples
from alen_tf.errors import DataError


def read_labelled(path, labels):
    """Reads a multi-label ARFF file.

    Args:
      path: the ARFF file.
      labels: the names of the label attributes, or how many of the last attributes are labels.

    Returns:
      (Examples, label names); inputs are uint8 where all of them are 0 or 1, else float32.

    Raises:
      DataError: the file is malformed, has no such labels, or labels that are not 0 or 1.
    """
    relation = read_arff(path)
    if isinstance(labels, int):
        if not 0 < labels < len(relation.names):
            count = len(relation.names)
            raise DataError(f"{path}: {labels} labels of {count} attributes leave no features")
        labels = relation.names[-labels:]
    columns = {_plain(name): column for column, name in enumerate(relation.names)}
    missing = [name for name in labels if _plain(name) not in columns]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise DataError(f"{path}: no attribute is named like the label {missing[0]!r}{more}")
    chosen = [columns[_plain(name)] for name in labels]
    rest = np.setdiff1d(np.arange(len(relation.names)), chosen)
    y = relation.values[:, chosen]
    if not np.all(y.data == 1):
        raise DataError(f"{path}: labels are 0 or 1, but the file has other values")
    x = relation.values[:, rest]
    x = x.astype(np.uint8) if np.all(x.data == 1) else x
    return Examples(x.toarray(), y.toarray().astype(np.uint8)), tuple(labels)


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


def _plain(name):
    """A name without quotes and escapes: ARFF and XML files of one source escape differently."""
    return name.strip("'\"").replace("\\", "")
