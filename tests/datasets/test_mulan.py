import re

import numpy as np
import pytest

from alen_tf.datasets.mulan import mulan
from alen_tf.errors import DataError


def plain_parser(path):
    """Dense matrix of a dense or sparse ARFF file without quotes, and the attributes' names."""
    header, body = re.split(r"^@data\s*$", path.read_text(), flags=re.MULTILINE | re.IGNORECASE)
    names = re.findall(r"^@attribute\s+(\S+)", header, flags=re.MULTILINE | re.IGNORECASE)
    rows = [line.strip() for line in body.splitlines() if line.strip()]
    matrix = np.zeros((len(rows), len(names)), np.float32)
    for row, line in zip(matrix, rows, strict=True):
        if line.startswith("{"):
            for pair in filter(None, line.strip("{} ").split(",")):
                column, value = pair.split()
                row[int(column)] = float(value)
        else:
            row[:] = [float(value) for value in line.split(",")]
    return matrix, names


def test_without_a_directory():
    with pytest.raises(DataError, match="--manual_dir"):
        mulan("scene")


def test_missing_set(tmp_path):
    with pytest.raises(DataError, match="not found") as caught:
        mulan("scene", manual_dir=str(tmp_path))
    assert str(tmp_path / "mulan" / "scene" / "scene-train.arff") in str(caught.value)


def test_a_set_with_words(tmp_path):
    """As in genbase: a name in each row, and YES or NO for features and labels."""
    folder = tmp_path / "mulan" / "proteins"
    folder.mkdir(parents=True)
    names = [f"P{number}" for number in range(30)]
    header = (
        f"@relation proteins\n@attribute protein {{{','.join(names)}}}\n"
        "@attribute PS00010 {YES,NO}\n@attribute length numeric\n"
        "@attribute PDOC1 {NO,YES}\n@data\n"
    )
    words = ("NO", "YES")
    rows = [f"{name},{words[k % 3 > 0]},{k},{words[k % 2]}" for k, name in enumerate(names)]
    (folder / "proteins-train.arff").write_text(header + "\n".join(rows[:20]))
    (folder / "proteins-test.arff").write_text(header + "\n".join(rows[20:]))
    (folder / "proteins.xml").write_text('<labels><label name="PDOC1"></label></labels>')
    splits = mulan("proteins", manual_dir=str(tmp_path), validation_fraction=0.0)
    order = sorted(names[:20])
    assert [order[entry] for entry in splits.train.x[:, :20].argmax(axis=1)] == names[:20]
    np.testing.assert_array_equal(splits.train.x[:, :20].sum(axis=1), 1)
    assert not splits.test.x[:, :20].any()  # proteins of no training row
    for part, numbers in ((splits.train, range(20)), (splits.test, range(20, 30))):
        np.testing.assert_array_equal(part.x[:, 20], [k % 3 > 0 for k in numbers])
        np.testing.assert_array_equal(part.x[:, 21], numbers)
        np.testing.assert_array_equal(part.y[:, 0], [k % 2 for k in numbers])


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "stem", "sizes", "features", "labels"),
    [  # as the source counts them
        ("emotions", "emotions", (391, 202), 72, 6),
        ("scene", "scene", (1211, 1196), 294, 6),
        ("yeast", "yeast", (1500, 917), 103, 14),
        pytest.param("tmc2007", "tmc2007-500", (21519, 7077), 500, 22, marks=pytest.mark.slow),
    ],
)
def test_sets(real_data, name, stem, sizes, features, labels):
    folder = real_data / "mulan" / name
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    splits = mulan(name, manual_dir=str(real_data))
    assert splits.name == name
    assert (len(splits.train) + len(splits.validation), len(splits.test)) == sizes
    assert len(splits.validation) == round(0.1 * sizes[0])
    assert splits.test.x.shape == (sizes[1], features)
    assert splits.test.y.shape == (sizes[1], labels)
    assert len(splits.label_names) == labels
    # In these sets the labels are the last attributes, in any order.
    matrix, names = plain_parser(folder / f"{stem}-test.arff")
    np.testing.assert_array_equal(splits.test.x, matrix[:, :features])
    plain = [attribute.strip("'\"").replace("\\", "") for attribute in names]
    columns = [plain.index(label) for label in splits.label_names]
    np.testing.assert_array_equal(splits.test.y, matrix[:, columns])


@pytest.mark.real_data
def test_labels_that_are_escaped_differently(real_data):
    # The one set whose ARFF and XML files do not agree on a name.
    folder = real_data / "mulan" / "delicious"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    splits = mulan("delicious", manual_dir=str(real_data))
    assert splits.test.x.shape[1] == 500
    assert splits.test.y.shape[1] == len(splits.label_names) == 983
