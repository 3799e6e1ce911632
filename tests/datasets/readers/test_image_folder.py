import shutil

import numpy as np
import pytest
from PIL import Image

from alen_tf.datasets.readers.image_folder import image_folder
from alen_tf.datasets.splits import Examples, hold_out
from alen_tf.errors import ConfigError, DataError
from tests.photographs import STORED, saved, write_folder

NAMES = ("ground", "left", "right")


def everything(folder):
    """All images of a folder and the classes of their pixels, at full size."""
    paths = sorted((folder / "images").iterdir())
    x = [np.asarray(Image.open(path)) for path in paths]
    y = [np.asarray(Image.open(folder / "masks" / f"{path.stem}.png")) for path in paths]
    return Examples(np.stack(x), np.stack(y))


def test_images_are_held_out_twice(tmp_path):
    write_folder(tmp_path / "blobs", 10, (8, 8))
    splits = image_folder(str(tmp_path / "blobs"), size=8, seed=3)
    rest, test = hold_out(everything(tmp_path / "blobs"), 0.2, seed=3)
    train, validation = hold_out(rest, 0.2, seed=3)
    for found, expected in (
        (splits.train, train),
        (splits.validation, validation),
        (splits.test, test),
    ):
        np.testing.assert_array_equal(found.x, expected.x)
        np.testing.assert_array_equal(found.y[..., 0] * 255, expected.y)
    assert splits.name == "blobs"
    assert splits.label_names == ("object",)
    assert splits.metadata == {"size": "8x8"}


def test_folders_are_splits_and_masks_are_classes(tmp_path):
    for seed, (part, count) in enumerate((("train", 6), ("validation", 2), ("test", 3))):
        write_folder(tmp_path / part, count, (8, 6), classes=3, seed=seed)
    splits = image_folder(tmp_path, NAMES, size=(8, 6))
    for part in ("train", "validation", "test"):
        expected, found = everything(tmp_path / part), getattr(splits, part)
        np.testing.assert_array_equal(found.x, expected.x)
        np.testing.assert_array_equal(found.y, np.eye(3)[expected.y])
    assert splits.label_names == NAMES
    half = image_folder(tmp_path, NAMES, size=(4, 3))
    assert half.train.x.shape == (6, 4, 3, 3)
    assert half.train.y.shape == (6, 4, 3, 3)


def test_a_split_that_has_no_folder_is_held_out(tmp_path):
    for part, count in (("train", 10), ("test", 3)):
        write_folder(tmp_path / part, count, (8, 8), seed=count)
    splits = image_folder(tmp_path, size=8)
    train, validation = hold_out(everything(tmp_path / "train"), 0.2)
    np.testing.assert_array_equal(splits.train.x, train.x)
    np.testing.assert_array_equal(splits.validation.x, validation.x)
    np.testing.assert_array_equal(splits.test.x, everything(tmp_path / "test").x)


def wrong(error, part, *arguments, **options):
    with pytest.raises(error) as caught:
        image_folder(*arguments, **options)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_mistakes_of_configuration(tmp_path):
    wrong(ConfigError, "image_folder.folder")
    wrong(ConfigError, "image_folder.size is 0, expected a whole", tmp_path, size=(0, 8))
    wrong(ConfigError, "image_folder.size is 8.0, expected a whole", tmp_path, size=8.0)
    wrong(ConfigError, "image_folder.size = [8]", tmp_path, size=[8])
    wrong(ConfigError, "classes = 'horse': expected names", tmp_path, "horse")
    wrong(ConfigError, "classes = 3: expected names", tmp_path, 3)
    wrong(ConfigError, "classes = ('a', 'a'): expected 1 to 254 names", tmp_path, ("a", "a"))
    wrong(ConfigError, "expected 1 to 254 names", tmp_path, ())


def test_folders_that_would_be_passed_over_are_named(tmp_path):
    for part in ("train", "val"):
        write_folder(tmp_path / part, 6, (8, 8))
    wrong(DataError, "val: folders next to train/ must be called validation and test", tmp_path)
    (tmp_path / "val").rename(tmp_path / "validation")
    (tmp_path / "notes.txt").touch()
    assert len(image_folder(tmp_path, size=8).validation) == 6


def test_seeds_that_are_none_are_named(tmp_path):
    write_folder(tmp_path, 6, (8, 8))
    for seed in (-1, 2**31, 1.5, "a", True):
        wrong(ConfigError, "the seed of the held-out rows is ", tmp_path, size=8, seed=seed)


def test_mistakes_in_a_folder(tmp_path):
    wrong(DataError, "images: cannot be read", tmp_path)
    write_folder(tmp_path, 8, (8, 8), classes=3)
    wrong(DataError, "blob 00.png: row ", tmp_path)  # class 2 of a single object
    wrong(DataError, "no training mask shows 'moon' at 8x8", tmp_path, (*NAMES, "moon"), 8)
    wrong(DataError, "leave none for the test split", tmp_path, NAMES, test_fraction=0.01)
    mask, image = (tmp_path / kind / "blob 03.png" for kind in ("masks", "images"))
    Image.fromarray(np.zeros((8, 9), np.uint8)).save(mask)
    wrong(DataError, f"{mask}: 9x8 pixels, but its image {image} has 8x8", tmp_path, NAMES)
    mask.rename(tmp_path / "masks" / "other.png")
    wrong(DataError, f"{image}: has no mask {mask}", tmp_path, NAMES)
    image.unlink()
    wrong(DataError, "other.png: has no image", tmp_path, NAMES)


def test_other_formats_and_leftovers(tmp_path):
    write_folder(tmp_path / "png", 10, (8, 8))
    for kind in ("images", "masks"):
        (tmp_path / "own" / kind).mkdir(parents=True)
        (tmp_path / "own" / kind / "Thumbs.db").touch()
        for number, path in enumerate(sorted((tmp_path / "png" / kind).iterdir())):
            suffix = ("tif", "webp", "png")[(number + len(kind)) % 3]
            options = {"lossless": True} if suffix == "webp" else {}
            saved(tmp_path / "own" / kind / f"{path.stem}.{suffix}", Image.open(path), **options)
    expected, found = (image_folder(tmp_path / name, size=8) for name in ("png", "own"))
    for part in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(found, part).x, getattr(expected, part).x)
        np.testing.assert_array_equal(getattr(found, part).y, getattr(expected, part).y)


@pytest.mark.parametrize("drawn_on", ["upright", "stored"])
def test_images_that_exif_turns_meet_their_masks(tmp_path, capsys, drawn_on):
    write_folder(tmp_path / "upright", 10, (8, 12))
    for kind in ("images", "masks"):
        (tmp_path / "turned" / kind).mkdir(parents=True)
        for path in (tmp_path / "upright" / kind).iterdir():
            image = Image.open(path)
            if kind == "masks" and drawn_on == "stored":
                image = image.transpose(STORED[6])
            orientation = 6 if kind == "images" else None
            saved(tmp_path / "turned" / kind / path.name, image, orientation=orientation)
    expected, found = (image_folder(tmp_path / name, size=8) for name in ("upright", "turned"))
    np.testing.assert_array_equal(found.train.x, expected.train.x)
    np.testing.assert_array_equal(found.train.y, expected.train.y)
    assert ("so it is turned too" in capsys.readouterr().err) == (drawn_on == "stored")


def test_pixels_that_do_not_count(tmp_path):
    write_folder(tmp_path, 8, (16, 16), classes=3)
    expected = image_folder(tmp_path, NAMES, 8)
    for path in (tmp_path / "masks").iterdir():
        mask = np.array(Image.open(path))
        parts = mask.reshape(8, 2, 8, 2).swapaxes(1, 2)  # what becomes of [8, 8] places
        same = (parts == parts[..., :1, :1]).all((2, 3))
        mask[::2, ::2][same] = 255  # a pixel in four, where that changes no majority
        saved(path, mask)
    found = image_folder(tmp_path, NAMES, 8)
    np.testing.assert_array_equal(found.train.y, expected.train.y)
    assert found.train.counted is None
    saved(path, np.full_like(mask, 255))
    wrong(DataError, f"{path}: all pixels are 255; none has a class", tmp_path, NAMES, 8)


def test_places_that_do_not_count(tmp_path):
    write_folder(tmp_path, 10, (16, 16), classes=3)
    expected = image_folder(tmp_path, NAMES, 8)
    for path in (tmp_path / "masks").iterdir():
        mask = np.array(Image.open(path))
        mask[4:6, 10:12] = 255
        saved(path, mask)
    found = image_folder(tmp_path, NAMES, 8)
    for part in ("train", "validation", "test"):
        one, other = getattr(found, part), getattr(expected, part)
        counted = np.ones(one.y.shape[:-1], bool)
        counted[:, 2, 5] = False
        np.testing.assert_array_equal(one.counted, counted)
        np.testing.assert_array_equal(one.y[counted], other.y[counted])
        np.testing.assert_array_equal(one.truth, other.y * counted[..., None])
        around = one.y[:, [1, 3, 2, 2], [5, 5, 4, 6]]  # the guess is one of them
        assert (around == one.y[:, 2, 5][:, None]).all(-1).any(-1).all()


def test_near_copies_across_splits_are_named(tmp_path, capsys):
    write_folder(tmp_path, 10, (8, 8))
    image_folder(tmp_path, size=8)
    assert capsys.readouterr().err == ""
    names = np.array(sorted(path.name for path in (tmp_path / "images").iterdir()))
    train, test = hold_out(Examples(names, names), 0.2)
    train, _ = hold_out(train, 0.2)
    for kind in ("images", "masks"):
        shutil.copy(tmp_path / kind / train.x[2], tmp_path / kind / test.x[0])
    image_folder(tmp_path, size=8)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"warning: {tmp_path}: near-copies across splits")
    assert f": {train.x[2]} (train) and {test.x[0]} (test) (RMS of at most 0.0" in line
