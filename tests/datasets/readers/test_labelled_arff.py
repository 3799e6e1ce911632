import numpy as np
import pytest

from alen_tf.datasets.readers.labelled_arff import read_labelled, xml_labels
from alen_tf.errors import DataError

CONTENT = """@relation r
@attribute 'first label' {0,1}
@attribute a numeric
@attribute b numeric
@attribute label\\_2 {0,1}
@data
1,2.5,0,0
0,1,0,1
"""
XML = """<?xml version="1.0" encoding="utf-8"?>
<labels xmlns="http://mulan.sourceforge.net/labels">
<label name="label_2"></label>
<label name="first label"></label>
</labels>
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "r.arff"
    path.write_text(CONTENT)
    return path


@pytest.fixture
def xml(tmp_path):
    path = tmp_path / "r.xml"
    path.write_text(XML)
    return path


def test_labels_by_name_in_the_order_of_the_names(file):
    # One of them is escaped in the ARFF file alone.
    examples, names = read_labelled(file, ("label_2", "first label"))
    assert names == ("label_2", "first label")
    np.testing.assert_array_equal(examples.x, [[2.5, 0], [1, 0]])
    np.testing.assert_array_equal(examples.y, [[0, 1], [1, 0]])
    assert examples.x.dtype == np.float32
    assert examples.y.dtype == np.uint8


def test_last_attributes_as_labels(file):
    examples, names = read_labelled(file, 1)
    assert names == ("label\\_2",)
    np.testing.assert_array_equal(examples.x, [[1, 2.5, 0], [0, 1, 0]])
    np.testing.assert_array_equal(examples.y, [[0], [1]])


def test_binary_inputs_are_small(file):
    file.write_text(CONTENT.replace("2.5", "1"))
    assert read_labelled(file, 1)[0].x.dtype == np.uint8


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (("label_2", "third", "fourth"), "'third' and 1 more"),
        (("third",), "'third'"),
        (0, "0 labels of 4 attributes"),
        (4, "4 labels of 4 attributes"),
        (("a",), "0 or 1"),
    ],
)
def test_wrong_labels(file, labels, text):
    with pytest.raises(DataError) as caught:
        read_labelled(file, labels)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert text in message
    assert "\n" not in message


def test_xml_labels(xml):
    assert xml_labels(xml) == ("label_2", "first label")


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no XML",
        XML.replace("</labels>", ""),
        "<labels></labels>",
        "<labels><label/></labels>",
        "<!DOCTYPE labels [<!ENTITY a 'b'>]><labels><label name='&a;'/></labels>",
    ],
)
def test_malformed_xml(xml, content):
    xml.write_text(content)
    with pytest.raises(DataError) as caught:
        xml_labels(xml)
    assert str(caught.value).startswith(f"{xml}: ")
    assert "\n" not in str(caught.value)


def test_missing_xml(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        xml_labels(tmp_path / "r.xml")
