"""LFW part labels (Kae et al., CVPR 2013): an image of a face -> background, skin or hair at every
pixel.

2,927 funneled images of Labeled Faces in the Wild in the official split: 1,500 training, 500
validation, 927 test. A model sees them at 32x32, or high_res; it is judged at the full 250x250, by
superpixels. The images are downloaded or read from the manual directory; the part labels can no
longer be downloaded. It is also a TFDS data set: see `alen_tf.datasets.builders`.
"""

import pathlib
import re

import gin
import numpy as np
from PIL import Image

from alen_tf.datasets.readers import tags
from alen_tf.datasets.readers.resized import areas, shrunk
from alen_tf.datasets.splits import Examples, Splits
from alen_tf.errors import ConfigError, DataError, check_count

CLASSES = ("background", "skin", "hair")
COLOURS = ((0, 0, 255), (0, 255, 0), (255, 0, 0))
FULL, SIZE, FINEST = 250, 32, 128
SOURCE = "http://vis-www.cs.umass.edu/lfw/part_labels/"
IMAGES = "lfw-funneled.tgz"
IMAGES_URL = "https://ndownloader.figshare.com/files/5976015"
IMAGES_SHA256 = "b47c8422c8cded889dc5a13418c4bc2abbda121092b3533a83306f90d900100a"
MASKS = "parts_lfw_funneled_gt_images.tgz"
SUPERPIXELS = "parts_lfw_funneled_superpixels_mat.tgz"
LISTS = {
    "train": "parts_train.txt",
    "validation": "parts_validation.txt",
    "test": "parts_test.txt",
}


def official_superpixels(manual_dir):
    """The archive of the official superpixels, or None where the manual directory has none."""
    path = pathlib.Path(manual_dir or "").expanduser() / "lfw_parts" / SUPERPIXELS
    return path if path.is_file() else None


def read_names(path):
    """The faces of a list, "Name_0001", one "Name number" per line.

    Raises:
      DataError: the file cannot be read, is malformed or empty.
    """
    names = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "not UTF-8")
        raise DataError(f"{path}: cannot be read: {reason}; see {SOURCE}") from error
    for number, line in enumerate(lines, start=1):
        person, _, count = line.strip().partition(" ")
        if line.strip() and not re.fullmatch("[0-9]{1,4}", count):
            raise DataError(f"{path}, line {number}: expected a name and a number, not {line!r}")
        if line.strip():
            names.append(f"{person}_{int(count):04d}")
    if not names:
        raise DataError(f"{path}: lists no face")
    return names


def shares(classes, size):
    """The share of each class in the area of each pixel of a smaller image.

    Args:
      classes: the class of every pixel, uint8 [height, width].
      size: height and width of the smaller image.

    Returns:
      [size, size, classes], float32, distributions over the last axis.
    """
    found = areas(classes, len(CLASSES), (size, size))
    return found / found.sum(axis=-1, keepdims=True)


@gin.register
def lfw_parts(manual_dir=None, data_dir=None, size=SIZE, high_res=False):
    """Loads the splits; the first call prepares them with TFDS, in a few minutes.

    Outputs are the shares of background, skin and hair at each of `size` x `size` places, float32;
    the truth at full size is [examples, 250, 250, 2]: the class and the superpixel of every pixel.

    Args:
      manual_dir, data_dir: see `Task.load`.
      size: height and width of what a model sees: 32, as in the paper, 64 or 128.
      high_res: whether augmentation sees the training images at 128x128 (`Splits.high_res`).

    Raises:
      ConfigError: images of that size are not kept.
      DataError: files cannot be had, are damaged, or are malformed.
    """
    check_count("lfw_parts.size", size)
    if size not in (SIZE, 64, FINEST):
        raise ConfigError(f"lfw_parts.size is {size!r}, expected {SIZE}, 64 or {FINEST}")
    from alen_tf.datasets.builders import preparation
    from alen_tf.datasets.builders.lfw_parts import LfwParts, read_split

    builder = LfwParts(data_dir=data_dir)
    if not builder.is_prepared():
        if manual_dir is None:
            raise DataError(
                f"lfw_parts: not in {builder.data_dir}; {SOURCE} is down: put {MASKS} and "
                f"{', '.join(LISTS.values())} in DIR/lfw_parts/ and pass --manual_dir=DIR"
            )
        for name in (MASKS, *LISTS.values()):
            tags.manual_file(manual_dir, "lfw_parts", name, SOURCE)
        preparation.prepare(builder, manual_dir)
    elif official_superpixels(manual_dir) and builder.info.metadata["superpixels"] != "official":
        raise DataError(
            f"{builder.data_dir} was prepared without {SUPERPIXELS}: delete that folder, and it is "
            "prepared anew"
        )
    rows = {
        split: read_split(builder, split, size > SIZE or (high_res and split == "train"))
        for split in LISTS
    }
    return Splits(
        "lfw_parts",
        **{split: _examples(rows[split], size, split != "train") for split in LISTS},
        label_names=CLASSES,
        metadata={"superpixels": builder.info.metadata["superpixels"], "size": f"{size}x{size}"},
        high_res=_high_res_examples(rows["train"]) if high_res else None,
    )


def _examples(rows, size, scored):
    x = np.stack([_image(row, size) for row in rows])
    y = np.stack([shares(row["classes"][..., 0], size) for row in rows])
    if not scored:
        return Examples(x, y)
    full = np.stack([np.concatenate([row["classes"], row["superpixels"]], -1) for row in rows])
    return Examples(x, y, full)


def _image(row, size):
    return row["image"] if size == SIZE else shrunk(Image.fromarray(row["finest"]), (size, size))


def _high_res_examples(rows):
    x = np.stack([row["finest"] for row in rows])
    found = (shares(row["classes"][..., 0], x.shape[1]).argmax(axis=-1) for row in rows)
    return Examples(x, np.stack([np.eye(len(CLASSES), dtype=np.uint8)[each] for each in found]))
