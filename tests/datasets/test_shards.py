import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_svmlight_file

from alen_tf.datasets import shard_writer
from alen_tf.datasets.readers import libsvm_parts
from alen_tf.datasets.shards import opened, shards
from alen_tf.errors import ConfigError, DataError, WorkdirError
from tests.commands import assert_one_clear_line, run

ROWS, FEATURES, LABELS = 60, 20, 4


@pytest.fixture
def file(tmp_path, random):
    """A libsvm file of distinguishable rows; the labels are the numbers 0, 10, 20, 30."""
    x = random.randn(ROWS, FEATURES) * (random.rand(ROWS, FEATURES) < 0.2)
    x[:, 0], x[5, 1:], x[:, -1] = np.arange(1, ROWS + 1), 0, 1
    sets = [tuple(10 * np.flatnonzero(random.rand(LABELS) < 0.4)) for _ in range(ROWS)]
    sets[0], sets[1] = (0, 10, 20, 30), ()
    path = tmp_path / "rows.svm"
    with path.open("w") as file:
        for row, labels in zip(np.float32(x), sets, strict=True):
            numbers = "".join(f" {column + 1}:{row[column]!s}" for column in np.flatnonzero(row))
            file.write(",".join(map(str, labels)) + numbers + "\n")
    return path


def content(path):
    """The file's rows by their number: {number: (row, label numbers)}."""
    x, labels = load_svmlight_file(str(path), multilabel=True, zero_based=False)
    rows = np.float32(x.toarray())
    return {row[0]: (row, those) for row, those in zip(rows, labels, strict=True)}


def assert_same(examples, expected):
    """The examples are these rows, in some order."""
    assert len(examples) == len(expected)
    for row, y in zip(examples.x.toarray(), examples.y, strict=True):
        x, labels = expected.pop(row[0])
        np.testing.assert_array_equal(row, x)
        assert tuple(10 * np.flatnonzero(y)) == labels


def test_every_row_is_in_one_file_once(file, tmp_path, monkeypatch):
    monkeypatch.setattr(libsvm_parts, "LINES", 7)  # the last part has fewer
    folder = tmp_path / "shards"
    assert shard_writer.write([file], folder, held_out=9, rows_per_file=10) == ROWS - 18
    splits = shards(str(folder), in_memory=True)
    assert splits.label_names == ("0", "10", "20", "30")
    parts = splits.train, splits.validation, splits.test
    numbers = [set(part.x[:, 0].toarray().ravel()) for part in parts]
    assert [len(each) for each in numbers] == [ROWS - 18, 9, 9]
    assert len(set.union(*numbers)) == ROWS
    expected = content(file)
    for part, those in zip(parts, numbers, strict=True):
        assert_same(part, {number: expected[number] for number in those})


def test_a_folder_says_what_is_in_it(file, tmp_path):
    shard_writer.write([file, file], tmp_path / "shards", held_out=9, rows_per_file=20)
    found = opened(tmp_path / "shards")
    assert len(found.rows) == 6  # of 17 rows each
    assert len(found) == sum(found.rows) == 2 * ROWS - 18
    assert found.x.shape == (len(found), FEATURES)
    loaded = shards(str(tmp_path / "shards"), in_memory=True).train
    np.testing.assert_array_equal(found.label_counts, loaded.label_counts)
    assert found.label_counts.any()
    records = [sum(1 for _ in tf.data.TFRecordDataset(name)) for name in found.files]
    assert tuple(records) == found.rows


def test_a_file_and_a_seed_give_the_same_folder(file, tmp_path):
    found = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        shard_writer.write([file], tmp_path / name, held_out=5, seed=seed)
        found.append(opened(tmp_path / name).sha256)
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 1:x\n", "rows.svm:1-1: malformed libsvm"),
        ("1 1:inf\n", "rows.svm:1-1: a number is not finite"),
        ("1 1:1 90000000:1\n", "90,000,000 features are more than 16,777,216"),
        (" 1:1\n", "no row has a label"),
        ("1\n2\n", "or none has a feature"),
        ("nan 1:1\n", "rows.svm:1-1: a number is not finite"),
        ("1 1:1\n", "pass a smaller --held_out"),
    ],
)
def test_wrong_files_are_one_line(tmp_path, text, said):
    path = tmp_path / "rows.svm"
    path.write_text(text)
    with pytest.raises(DataError, match=said):
        shard_writer.write([path], tmp_path / "shards")
    assert not (tmp_path / "shards").exists()


def test_wrong_folders_are_one_line(file, tmp_path):
    with pytest.raises(ConfigError, match=r"shards\.folder = 'DIR'"):
        shards()
    with pytest.raises(DataError, match=r"shards\.json is missing or damaged"):
        shards(str(tmp_path))
    folder = tmp_path / "shards"
    shard_writer.write([file], folder, held_out=9)
    with pytest.raises(WorkdirError, match="exists already"):
        shard_writer.write([file], folder, held_out=9)
    data = bytearray((folder / "test.tfrecord").read_bytes())
    data[40] ^= 1
    (folder / "test.tfrecord").write_bytes(data)
    with pytest.raises(DataError, match=r"test\.tfrecord is damaged"):
        shards(str(folder))
    (folder / "train-00000.tfrecord").write_bytes(b"")  # whole records may be lost too
    with pytest.raises(DataError, match=r"train-00000\.tfrecord has 0 bytes instead of"):
        shards(str(folder))
    (folder / "test.tfrecord").unlink()
    with pytest.raises(DataError, match=r"test\.tfrecord is missing"):
        shards(str(folder))


def test_the_command(file, tmp_path):
    done = run("shards", f"--input={file}", f"--output={tmp_path / 'shards'}", "--held_out=10")
    assert done.stdout.strip().endswith("shards: 40 rows to learn from"), done.stderr
    assert_one_clear_line(run("shards", f"--output={tmp_path / 'other'}"), "--input")
