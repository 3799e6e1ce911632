import shutil

import numpy as np
import pytest

from alen_tf.datasets.weizmann_horses import weizmann_horses
from alen_tf.errors import DataError


@pytest.fixture
def folder(horses_dir, tmp_path):
    return shutil.copytree(horses_dir / "weizmann_horses", tmp_path / "weizmann_horses")


def load(folder):
    return weizmann_horses(manual_dir=str(folder.parent))


def change(folder, **arrays):
    path = folder / "weizmann_horses_32x32.npz"
    with np.load(path) as file:
        kept = dict(file)
    np.savez(path, **kept | arrays)


def test_splits_are_the_listed_rows(folder):
    with np.load(folder / "weizmann_horses_32x32.npz") as file:
        images, masks = file["images"], file["masks"]
    (folder / "test.txt").write_text("13\n11\n")
    test = load(folder).test
    assert test.x.dtype == test.y.dtype == np.uint8
    np.testing.assert_array_equal(test.x, images[[13, 11]])
    np.testing.assert_array_equal(test.y[..., 0], masks[[13, 11]])


@pytest.mark.real_data
def test_real_data(real_data):
    splits = weizmann_horses(manual_dir=str(real_data))
    parts = splits.train, splits.validation, splits.test
    assert [len(part) for part in parts] == [160, 40, 128]
    for part in parts:
        assert part.x.shape[1:] == (32, 32, 3)
        assert part.y.shape[1:] == (32, 32, 1)
        assert 0.1 < part.y.mean() < 0.4
        assert part.x.mean() > 50


def test_without_a_directory():
    with pytest.raises(DataError, match="--manual_dir=DIR"):
        weizmann_horses()


@pytest.mark.parametrize("name", ["weizmann_horses_32x32.npz", "val.txt"])
def test_missing_files_are_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(DataError, match=name):
        load(folder)


@pytest.mark.parametrize("content", ["0\nx\n", "0\n14\n", "-1\n", "", "0\n1\n"])
def test_bad_lists(folder, content):
    (folder / "val.txt").write_text(content)  # the last one repeats what is in train.txt
    with pytest.raises(DataError) as caught:
        load(folder)
    assert "val.txt" in str(caught.value) or "image 0 is listed" in str(caught.value)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": np.zeros((14, 32, 32, 1), np.uint8)}, "images of shape"),
        ({"masks": np.zeros((14, 16, 32), np.uint8)}, "masks of shape"),
        ({"masks": np.full((14, 32, 32), 255, np.uint8)}, "value 255, not 0 or 1"),
    ],
)
def test_bad_arrays(folder, arrays, message):
    change(folder, **arrays)
    with pytest.raises(DataError, match=message):
        load(folder)


def test_truncated_file(folder):
    path = folder / "weizmann_horses_32x32.npz"
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(DataError, match="not an NPZ file"):
        load(folder)
