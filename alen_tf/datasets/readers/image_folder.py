"""A user's folder of images and masks as a data set."""

import pathlib

import gin
import numpy as np

from alen_tf.datasets.near_copies import warn_across
from alen_tf.datasets.readers import masks
from alen_tf.datasets.readers.image_files import entries, listed
from alen_tf.datasets.readers.pairing import Pairing
from alen_tf.datasets.readers.photographs import read_images
from alen_tf.datasets.readers.resized import examples
from alen_tf.datasets.splits import Examples, Splits, three_splits
from alen_tf.errors import ConfigError, DataError, check_counts, shortened

PARTS = ("train", "validation", "test")


@gin.register
def image_folder(
    folder=None,
    classes=("object",),
    size=32,
    validation_fraction=0.2,
    test_fraction=0.2,
    seed=0,
    manual_dir=None,
    data_dir=None,
):
    """Loads images `images/NAME.jpg` and masks `masks/NAME.png` of the same names, PNG, JPEG, TIFF
    or WebP. Warns of near-copies across splits.

    If the folder contains `train/`, these two folders are in it, and in `validation/` and `test/`
    if present; missing splits are held out from the training images. Masks are read by `read_mask`,
    images by `read_image`; for a smaller image, the output at each pixel is the most frequent class
    of the pixels that it covers. Pixels without a class do not count.

    Args:
      folder: the folder.
      classes: names of the classes in the order of the mask values, including background; or a
        single name for masks of one object.
      size: height and width that the model sees, or (height, width); images are resized to it.
      validation_fraction, test_fraction: shares of images to hold out, if a split is missing.
      seed: of what is held out.
      manual_dir, data_dir: not used; paths are relative to the working directory.

    Raises:
      ConfigError: `folder` is missing, or `classes` or `size` is invalid.
      DataError: a file is missing, damaged or of the wrong kind, or there is nothing to learn.
    """
    del manual_dir, data_dir
    if folder is None:
        raise ConfigError("name the folder: --gin_param=\"image_folder.folder = 'DIR'\"")
    size = _checked(classes, size)
    folder = pathlib.Path(folder).expanduser()
    folders = {part: folder / part for part in PARTS if (folder / part).is_dir()}
    if "train" in folders:
        _check_parts(folder)
    else:
        folders = {"train": folder}
    read = {part: _read(path, classes, size) for part, path in folders.items()}

    def parted(examples):
        return three_splits(
            folder,
            **examples,
            validation_fraction=validation_fraction,
            test_fraction=test_fraction,
            seed=seed,
        )

    splits = parted({part: examples for part, (examples, _) in read.items()})
    # The held-out images depend only on the number of examples, so names are split the same way.
    names = parted({part: Examples(found, found) for part, (_, found) in read.items()})
    never = [classes[k] for k in np.flatnonzero(~splits[0].y.any(axis=(0, 1, 2)))]
    if never:
        raise DataError(f"{folder}: no training mask shows {shortened(never)} at {_text(size)}")
    seen = zip(PARTS, splits, names, strict=True)
    warn_across(folder, {part: (examples.x, found.x) for part, examples, found in seen})
    metadata = {"size": _text(size)}
    return Splits(folder.resolve().name, *splits, label_names=tuple(classes), metadata=metadata)


def _check_parts(folder):
    """Checks that a folder with `train/` has no folders that would be ignored.

    Raises:
      DataError: it has such a folder.
    """
    for path in entries(folder):
        if path.is_dir() and path.name not in PARTS:
            raise DataError(
                f"{path}: folders next to train/ must be called {' and '.join(PARTS[1:])}"
            )


def _text(size):
    return f"{size[0]}x{size[1]}"


def _checked(classes, size):
    """Checks classes and size, and returns (height, width)."""
    size = size if isinstance(size, tuple | list) else (size, size)
    check_counts("image_folder.size", size)
    if len(size) != 2:
        raise ConfigError(f"image_folder.size = {size}: expected pixels, or (height, width)")
    several = isinstance(classes, tuple | list)
    if not several or not all(isinstance(name, str) for name in classes):
        raise ConfigError(f"classes = {classes!r}: expected names, such as ('object',)")
    if not 0 < len(set(classes)) == len(classes) < masks.UNKNOWN:
        raise ConfigError(
            f"classes = {classes!r}: expected 1 to {masks.UNKNOWN - 1} names, all different"
        )
    return size


def _read(folder, classes, size):
    """The `Examples` of a folder with `images/` and `masks/`, and the names of the image files."""
    photographs = listed(folder / "images")
    paths = listed(folder / "masks")
    for name, path in photographs.items():
        if name not in paths:
            raise DataError(f"{path}: has no mask {folder / 'masks' / name}.png")
    for name, path in paths.items():
        if name not in photographs:
            raise DataError(f"{path}: has no image {folder / 'images' / name}.png or .jpg")
    x, frames = read_images(photographs, size)
    pairing = Pairing(photographs, frames, paths)

    def read(name):
        mask = pairing.upright(name, masks.read_mask(paths[name], classes))
        if (mask == masks.UNKNOWN).all():
            raise DataError(f"{paths[name]}: all pixels are {masks.UNKNOWN}; none has a class")
        return mask

    return examples(x, map(read, photographs), classes), np.array(
        [path.name for path in photographs.values()]
    )
