import hashlib
import re
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
import tensorflow_datasets as tfds

from alen_tf.datasets import bibtex
from alen_tf.datasets.builders import bibtex as source
from alen_tf.errors import DataError

TRAIN, TEST = "bibtex-train.arff", "bibtex-test.arff"


def plain_parser(path):
    """Dense 0/1 matrix of a sparse ARFF file, and the attributes' names."""
    header, body = path.read_text().split("@data", 1)
    names = re.findall(r"^@attribute (\S+)", header, flags=re.MULTILINE)
    rows = [line for line in body.splitlines() if line.strip()]
    matrix = np.zeros((len(rows), len(names)), np.uint8)
    for row, line in enumerate(rows):
        for pair in line.strip("{} ").split(","):
            column, value = pair.split()
            matrix[row, int(column)] = int(value)
    return matrix, names


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A manual directory with two files of Bibtex's width but a few rows, and what is in them."""
    random = np.random.RandomState(0)
    columns = source.WORDS + source.TAGS
    header = "".join(f"@attribute w{column} {{0,1}}\n" for column in range(columns))
    folder, files, matrices = tmp_path / "manual" / "bibtex", {}, {}
    folder.mkdir(parents=True)
    for split, rows in (("train", 20), ("test", 5)):
        matrix = (random.rand(rows, columns) < 0.02).astype(np.uint8)
        matrix[1, source.WORDS :] = 0  # a document without tags
        lines = ["{" + ",".join(f"{c} 1" for c in np.flatnonzero(row)) + "}" for row in matrix]
        path = folder / source.FILES[split][0]
        path.write_text(f"@relation small\n{header}@data\n" + "\n".join(lines) + "\n")
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        files[split] = (path.name, sha256, rows)
        matrices[split] = matrix
    monkeypatch.setattr(source, "FILES", files)
    return folder.parent, matrices


@pytest.fixture
def no_network(monkeypatch):
    """Counts the tries to reach the network, all of which fail."""
    tried = []

    def unreachable(request, *args, **kwargs):
        tried.append(request)
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", unreachable)
    return tried


def test_small_files_through_the_builder(small, tmp_path, no_network):
    folder, matrices = small
    splits = bibtex.bibtex(manual_dir=str(folder), data_dir=str(tmp_path / "data"))
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [18, 2, 5]
    assert splits.name == "bibtex"
    assert splits.label_names == tuple(f"w{source.WORDS + k}" for k in range(source.TAGS))
    np.testing.assert_array_equal(np.hstack([splits.test.x, splits.test.y]), matrices["test"])
    found = [np.hstack([part.x, part.y]) for part in (splits.validation, splits.train)]
    assert sorted(map(bytes, np.vstack(found))) == sorted(map(bytes, matrices["train"]))
    assert {part.dtype for part in (splits.train.x, splits.train.y)} == {np.dtype(np.uint8)}

    # Prepared once: the second call needs no files.
    again = bibtex.bibtex(data_dir=str(tmp_path / "data"))
    np.testing.assert_array_equal(again.train.x, splits.train.x)
    np.testing.assert_array_equal(again.validation.y, splits.validation.y)
    assert no_network == []

    other = bibtex.bibtex(data_dir=str(tmp_path / "data"), validation_fraction=0.25, fold=1)
    assert [len(part) for part in (other.train, other.validation)] == [15, 5]
    assert not set(map(bytes, splits.validation.x)) <= set(map(bytes, other.validation.x))


def test_small_files_through_tfds(small, tmp_path):
    folder, matrices = small
    builder = source.Bibtex(data_dir=tmp_path / "data")
    builder.download_and_prepare(download_config=tfds.download.DownloadConfig(manual_dir=folder))
    assert builder.info.splits["train"].num_examples == 20
    assert builder.info.splits["test"].num_examples == 5
    examples = list(tfds.as_numpy(builder.as_dataset(split="test", shuffle_files=False)))
    for example, row in zip(examples, matrices["test"], strict=True):
        np.testing.assert_array_equal(example["words"], np.flatnonzero(row[: source.WORDS]))
        np.testing.assert_array_equal(example["tags"], np.flatnonzero(row[source.WORDS :]))


def test_flipped_byte(small, tmp_path):
    folder, _ = small
    path = folder / "bibtex" / TEST
    content = bytearray(path.read_bytes())
    place = content.index(b"small")
    content[place] ^= 1  # still a well-formed file
    path.write_bytes(content)
    with pytest.raises(DataError, match="checksum mismatch") as caught:
        bibtex.bibtex(manual_dir=folder, data_dir=tmp_path / "data")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_malformed_line(small, tmp_path):
    folder, _ = small
    path = folder / "bibtex" / TRAIN
    lines = path.read_text().splitlines()
    number = source.WORDS + source.TAGS + 2 + 7  # relation, attributes, data, then the 7th row
    assert lines[number - 8] == "@data"
    lines[number - 1] = lines[number - 1].replace(" 1,", " one,", 1)
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match=re.escape(f"{path}:{number}: malformed")) as caught:
        bibtex.bibtex(manual_dir=folder, data_dir=tmp_path / "data")
    assert "\n" not in str(caught.value)


def test_truncated_file(small, tmp_path):
    folder, _ = small
    path = folder / "bibtex" / TRAIN
    path.write_text("\n".join(path.read_text().splitlines()[:-3]) + "\n")
    with pytest.raises(DataError, match="17 rows, expected 20"):
        bibtex.bibtex(manual_dir=folder, data_dir=tmp_path / "data")


def test_files_are_checked_although_others_were_prepared(small, tmp_path):
    folder, _ = small
    bibtex.bibtex(manual_dir=folder, data_dir=tmp_path / "data")
    (folder / "bibtex" / TEST).write_text("@relation other\n")
    with pytest.raises(DataError, match=TEST):
        bibtex.bibtex(manual_dir=folder, data_dir=tmp_path / "data")


def test_missing_manual_file(tmp_path):
    with pytest.raises(DataError, match="not found") as caught:
        bibtex.bibtex(manual_dir=tmp_path, data_dir=tmp_path / "data")
    message = str(caught.value)
    assert str(tmp_path / "bibtex" / TRAIN) in message
    assert source.SOURCE in message
    assert "\n" not in message


def test_no_network(tmp_path, no_network):
    start = time.monotonic()
    with pytest.raises(DataError, match="cannot be reached") as caught:
        bibtex.bibtex(data_dir=tmp_path)
    assert time.monotonic() - start < 10
    message = str(caught.value)
    assert "--manual_dir" in message
    assert "no route to host" in message
    assert source.SOURCE in message
    assert "\n" not in message
    assert len(no_network) == 1


@pytest.fixture(scope="module")
def files(real_data):
    return {name: plain_parser(real_data / "bibtex" / name) for name in (TRAIN, TEST)}


@pytest.fixture
def splits(real_data, data_dir):
    return bibtex.bibtex(manual_dir=real_data, data_dir=data_dir)


@pytest.mark.real_data
def test_sizes(splits):
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [
        4392,
        488,
        2515,
    ]
    for part in (splits.train, splits.validation, splits.test):
        assert part.x.shape[1] == 1836
        assert part.y.shape[1] == 159
        assert part.x.dtype == part.y.dtype == np.uint8
    cardinality = np.concatenate([splits.train.y, splits.validation.y]).sum(axis=1).mean()
    assert cardinality == pytest.approx(2.380, abs=5e-4)
    assert splits.test.y.sum(axis=1).mean() == pytest.approx(2.444, abs=5e-4)


@pytest.mark.real_data
def test_values_are_the_files(splits, files):
    matrix, names = files[TEST]
    np.testing.assert_array_equal(np.hstack([splits.test.x, splits.test.y]), matrix)
    assert splits.label_names == tuple(names[1836:])
    assert splits.label_names[0] == "TAG_2005"
    matrix, _ = files[TRAIN]
    order = np.random.RandomState(0).permutation(4880)
    validation = np.zeros(4880, bool)
    validation[order[:488]] = True
    for part, rows in ((splits.train, ~validation), (splits.validation, validation)):
        np.testing.assert_array_equal(np.hstack([part.x, part.y]), matrix[rows])


@pytest.mark.real_data
def test_tfds_load(splits, data_dir, files):
    # As in the documentation: the name is known once the builder's module is imported.
    dataset, info = tfds.load("bibtex", split="test", data_dir=data_dir, with_info=True)
    assert info.splits["train"].num_examples == 4880
    assert info.features["tags"].feature.names[0] == "TAG_2005"
    matrix, names = files[TEST]
    assert info.features["words"].feature.names == names[:1836]
    example = next(iter(tfds.as_numpy(dataset.take(1))))
    np.testing.assert_array_equal(example["tags"], np.flatnonzero(matrix[0, 1836:]))


@pytest.mark.real_data
@pytest.mark.parametrize("name", [TRAIN, TEST])
def test_flipped_byte_of_the_real_file(real_data, tmp_path, name):
    folder = tmp_path / "bibtex"
    folder.mkdir()
    for each in (TRAIN, TEST):
        (folder / each).write_bytes((real_data / "bibtex" / each).read_bytes())
    content = bytearray((folder / name).read_bytes())
    content[content.index(b"bibsonomy")] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(DataError, match="checksum mismatch") as caught:
        bibtex.bibtex(manual_dir=tmp_path, data_dir=tmp_path / "data")
    assert str(folder / name) in str(caught.value)
