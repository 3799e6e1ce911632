import io
import shutil
import sys
import tarfile

import numpy as np
import pytest
from PIL import Image

from alen_tf.datasets import lfw_parts as lfw
from alen_tf.datasets.builders import lfw_parts as source
from alen_tf.errors import ConfigError, DataError
from tests.archives import write_tar


@pytest.fixture
def folder(faces_dir, tmp_path):
    return shutil.copytree(faces_dir / "lfw_parts", tmp_path / "lfw_parts")


def load(folder, tmp_path):
    return lfw.lfw_parts(manual_dir=str(folder.parent), data_dir=str(tmp_path / "data"))


def members(path):
    with tarfile.open(path) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}


def test_faces_in_the_order_of_the_lists(folder, faces_dir, data_dir):
    splits = lfw.lfw_parts(str(faces_dir), str(data_dir))
    assert splits.metadata == {"superpixels": "official", "size": "32x32"}
    assert splits.label_names == ("background", "skin", "hair")
    assert splits.train.full is None
    masks = members(folder / "parts_lfw_funneled_gt_images.tgz")
    images = members(folder / "lfw-funneled.tgz")
    names = source.read_names(folder / "parts_test.txt")
    assert len(splits.test) == len(names) == 2
    for x, y, full, name in zip(splits.test.x, splits.test.y, splits.test.full, names, strict=True):
        mask = np.asarray(Image.open(io.BytesIO(masks[f"parts_lfw_funneled_gt_images/{name}.ppm"])))
        blue_green_red = mask[..., ::-1] // 255  # one-hot in the order of the classes
        np.testing.assert_array_equal(full[..., 0], blue_green_red.argmax(-1))
        # Shares of classes: their mean over the image is that of the mask.
        np.testing.assert_allclose(y.mean((0, 1)), blue_green_red.mean((0, 1)), atol=5e-3)
        np.testing.assert_allclose(y.sum(-1), 1, atol=1e-5)
        file = f"lfw_funneled/{name[:-5]}/{name}.jpg"
        image = np.asarray(Image.open(io.BytesIO(images[file])), np.float64)
        np.testing.assert_allclose(x.mean((0, 1)), image.mean((0, 1)), atol=1.5)
        rows, columns = np.mgrid[:250, :250] // 10
        np.testing.assert_array_equal(full[..., 1], rows * 25 + columns)


def test_high_res_images_are_the_same_faces(faces_dir, data_dir):
    splits = lfw.lfw_parts(str(faces_dir), str(data_dir), high_res=True)
    high_res, train = splits.high_res, splits.train
    assert high_res.x.shape == (len(train), 128, 128, 3)
    assert set(np.unique(high_res.y)) == {0, 1}
    np.testing.assert_array_equal(high_res.y.sum(axis=-1), 1)
    for fine, coarse, largest in ((high_res.x, train.x, 10), (high_res.y, train.y, 0.2)):
        averaged = fine.reshape(len(train), 32, 4, 32, 4, 3).mean(axis=(2, 4))
        assert np.abs(averaged - coarse).mean() < largest / 10
        assert np.abs(averaged - coarse).max() < largest
    assert lfw.lfw_parts(str(faces_dir), str(data_dir)).high_res is None


@pytest.mark.parametrize("size", [64, 128])
def test_larger_images_are_the_same_faces(faces_dir, data_dir, size):
    small, large = (
        lfw.lfw_parts(str(faces_dir), str(data_dir), size=each) for each in (source.SIZE, size)
    )
    assert large.metadata["size"] == f"{size}x{size}"
    for split in ("train", "validation", "test"):
        found, expected = getattr(large, split), getattr(small, split)
        assert found.x.shape == found.y.shape == (len(expected), size, size, 3)
        assert (found.x.dtype, found.y.dtype) == (np.uint8, np.float32)
        for fine, coarse, largest in ((found.x, expected.x, 20), (found.y, expected.y, 0.1)):
            averaged = fine.reshape(len(fine), 32, size // 32, 32, size // 32, 3).mean(axis=(2, 4))
            assert np.abs(averaged - coarse).mean() < largest / 20
            assert np.abs(averaged - coarse).max() < largest
    np.testing.assert_array_equal(large.test.full, small.test.full)


@pytest.mark.parametrize("size", [48, 64.0])
def test_other_sizes_are_named(data_dir, size):
    with pytest.raises(ConfigError, match=rf"lfw_parts.size is {size}, expected "):
        lfw.lfw_parts(data_dir=str(data_dir), size=size)


def test_prepared_once(faces_dir, data_dir):
    first = lfw.lfw_parts(str(faces_dir), str(data_dir))
    again = lfw.lfw_parts(data_dir=str(data_dir))
    np.testing.assert_array_equal(first.validation.full, again.validation.full)
    assert again.metadata == first.metadata


def test_shares_are_areas():
    classes = np.zeros((250, 250), np.uint8)
    classes[:, 125:] = 2
    found = lfw.shares(classes, 2)
    np.testing.assert_allclose(found, [[[1, 0, 0], [0, 0, 1]]] * 2)
    found = lfw.shares(classes, 1)
    np.testing.assert_allclose(found, [[[0.5, 0, 0.5]]])


def test_superpixels_are_computed_where_there_are_none(folder, tmp_path):
    (folder / "parts_lfw_funneled_superpixels_mat.tgz").unlink()
    splits = load(folder, tmp_path)
    assert splits.metadata["superpixels"] == "SLIC"
    classes, superpixels = splits.test.full[0, ..., 0], splits.test.full[0, ..., 1]
    numbers = np.unique(superpixels)
    assert 100 < len(numbers) < 400
    # They follow the edges of the picture.
    purity = [np.bincount(classes[superpixels == number]).max() for number in numbers]
    assert sum(purity) / classes.size > 0.97


def test_official_superpixels_that_come_later_are_not_passed_over(folder, tmp_path):
    path = folder / "parts_lfw_funneled_superpixels_mat.tgz"
    kept = path.rename(tmp_path / "kept.tgz")
    load(folder, tmp_path)
    kept.rename(path)
    with pytest.raises(DataError, match=r"was prepared without .*superpixels.*delete that"):
        load(folder, tmp_path)


def test_numbers_of_the_lists_may_be_short(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("Ann_Other 3\nJo 0012\n\n")
    assert source.read_names(path) == ["Ann_Other_0003", "Jo_0012"]
    path.write_text("Ann_Other 3\nJo\n")
    with pytest.raises(DataError, match="line 2"):
        source.read_names(path)


def test_without_a_directory(tmp_path):
    with pytest.raises(DataError, match=r"is down.*--manual_dir=DIR"):
        lfw.lfw_parts(data_dir=str(tmp_path))


def break_colour(folder):
    path = folder / "parts_lfw_funneled_gt_images.tgz"
    contents = members(path)
    name = sorted(contents)[0]
    contents[name] = contents[name][:-3] + bytes([7, 7, 7])
    write_tar(path, contents)


def break_size(folder):
    path = folder / "lfw-funneled.tgz"
    contents = members(path)
    name = sorted(contents)[0]
    file = io.BytesIO()
    Image.new("RGB", (32, 32)).save(file, "JPEG")
    contents[name] = file.getvalue()
    write_tar(path, contents)


def break_image(folder):
    path = folder / "lfw-funneled.tgz"
    contents = members(path)
    name = sorted(contents)[0]
    contents[name] = contents[name][:300]
    write_tar(path, contents)


def drop_image(folder):
    path = folder / "lfw-funneled.tgz"
    contents = members(path)
    del contents[sorted(contents)[0]]
    write_tar(path, contents)


def twice(folder):
    text = (folder / "parts_train.txt").read_text()
    (folder / "parts_test.txt").write_text(text)


def cut_archive(folder):
    path = folder / "parts_lfw_funneled_gt_images.tgz"
    path.write_bytes(path.read_bytes()[:1000])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (break_colour, r"gt_images.tgz: Ann_Other_0001.ppm: colour \(7, 7, 7\) is not a class"),
        (break_size, r"lfw-funneled.tgz: Ann_Other_0001.jpg: size 32x32, expected 250x250"),
        (break_image, r"lfw-funneled.tgz: Ann_Other_0001.jpg: not a JPEG, PNG or PPM image"),
        (drop_image, r"lfw-funneled.tgz: contains no Ann_Other_0001.jpg"),
        (cut_archive, r"gt_images.tgz: cannot be read"),
        (lambda folder: (folder / "parts_test.txt").unlink(), r"parts_test.txt not found"),
        (lambda folder: (folder / "parts_test.txt").write_text(""), r"parts_test.txt: lists no"),
        (twice, r"lfw_parts: \w+_\d{4} is listed more than once"),
    ],
)
def test_damage_is_named(folder, tmp_path, damage, message):
    damage(folder)
    with pytest.raises(DataError, match=message) as caught:
        load(folder, tmp_path)
    assert "\n" not in str(caught.value)


def test_slic_needs_scikit_image(folder, tmp_path, monkeypatch):
    (folder / "parts_lfw_funneled_superpixels_mat.tgz").unlink()
    monkeypatch.setitem(sys.modules, "skimage.segmentation", None)
    with pytest.raises(DataError, match=r"alen_tf\[images\]"):
        load(folder, tmp_path)
