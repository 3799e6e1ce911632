"""Weizmann horses (Borenstein & Ullman 2004) at 32x32: an image of a horse -> which pixels are
horse.

328 images with the split of Li et al. (CVPR 2013): 160 training, 40 validation, 128 test. The
source offers no direct download at this size: the arrays and the three lists of indices are read
from the manual directory.
"""

import pathlib

import gin
import numpy as np

from alen_tf.datasets.readers.unnamed import read_npz
from alen_tf.datasets.splits import Examples, Splits, check_disjoint
from alen_tf.errors import DataError

IMAGES = "weizmann_horses_32x32.npz"
LISTS = {"train": "train.txt", "validation": "val.txt", "test": "test.txt"}


@gin.register
def weizmann_horses(manual_dir=None, data_dir=None):
    """Loads the splits: images uint8 [examples, 32, 32, 3], masks uint8 [examples, 32, 32, 1] in
    {0, 1}.

    Args:
      manual_dir: folder with `weizmann_horses/`, which contains an NPZ file with the arrays
        `images` and `masks`, and lists of indices into them.
      data_dir: ignored; nothing is prepared.

    Raises:
      DataError: files are missing or malformed.
    """
    del data_dir
    if manual_dir is None:
        raise DataError(
            f"weizmann_horses: cannot be downloaded; put {IMAGES} and {', '.join(LISTS.values())} "
            "in DIR/weizmann_horses/ and pass --manual_dir=DIR"
        )
    folder = pathlib.Path(manual_dir) / "weizmann_horses"
    images, masks = (read_npz(folder / IMAGES, name) for name in ("images", "masks"))
    if images.ndim != 4 or images.shape[-1] != 3 or masks.shape != images.shape[:3]:
        raise DataError(
            f"{folder / IMAGES}: images of shape {images.shape} and masks of shape {masks.shape}, "
            "expected [n, height, width, 3] and [n, height, width]"
        )
    strange = np.unique(masks[(masks != 0) & (masks != 1)])
    if len(strange):
        raise DataError(f"{folder / IMAGES}: a mask has the value {strange[0]:g}, not 0 or 1")
    everything = Examples(images.astype(np.uint8), masks[..., None].astype(np.uint8))
    rows = {split: read_rows(folder / name, len(images)) for split, name in LISTS.items()}
    check_disjoint(f"{folder}: image", rows)
    splits = {split: everything.take(chosen) for split, chosen in rows.items()}
    return Splits("weizmann_horses", **splits, label_names=("horse",))


def read_rows(path, count):
    """The rows of a split, an index in 0 ... count - 1 per line, int64.

    Raises:
      DataError: the file cannot be read or is malformed.
    """
    try:
        rows = np.array([int(line) for line in path.read_text().split()], np.int64)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, OverflowError) as error:
        raise DataError(f"{path}: expected one index per line: {error}") from error
    if not len(rows) or rows.min() < 0 or rows.max() >= count:
        raise DataError(f"{path}: expected at least one index, all in 0 ... {count - 1}")
    return rows
