"""Multi-label ARFF files: an XML file, a number or names say which attributes are labels."""

import pathlib
from xml.etree import ElementTree

from alen_tf.datasets.readers.tables import read_table
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
    examples, label_names, _ = read_table(path).split(labels)
    return examples, label_names


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
