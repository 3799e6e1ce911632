"""Photographs at full size, and what a model sees of them."""

import math
import sys

import numpy as np
from PIL import Image

from alen_tf.datasets.readers.image_files import DEEP, Frame, read_image_file
from alen_tf.datasets.readers.resized import shrunk
from alen_tf.datasets.readers.unnamed import LARGEST_ARRAY
from alen_tf.errors import DataError

WHITE = 2**16 - 1
DARK = 2**12  # 12-bit values in 16-bit files lose all but 4 bits


def read_images(paths, size):
    """Image files as a model sees them, and their frames.

    Warns if 16-bit images use only a small part of the range.

    Args:
      paths: by name, see `image_files.listed`.
      size: (height, width) that the model sees; images are resized to it.

    Returns:
      (uint8 [images, height, width, 3], the `Frame` of each file).

    Raises:
      DataError: see `read_image`; or there are too many.
    """
    shape = (len(paths), *size, 3)
    if math.prod(shape) > LARGEST_ARRAY:
        folder = next(iter(paths.values())).parent
        raise DataError(
            f"{folder}: {len(paths):,} images of {size[0]}x{size[1]} are more than "
            f"{LARGEST_ARRAY:,} numbers"
        )
    x, frames, highest = np.empty(shape, np.uint8), [], {}
    for row, path in enumerate(paths.values()):
        file = _opaque_file(path)
        if file.image.mode in DEEP:
            highest[path] = np.asarray(file.image).max()
        image = _in_8_bits(file.image, path)
        x[row] = shrunk(image, size)
        frames.append(Frame(image.size[::-1], file.orientation))
    if highest and max(highest.values()) < DARK:
        print(
            f"warning: {next(iter(highest))}: no 16-bit image here has a value above "
            f"{max(highest.values())} of {WHITE}, so a model sees nearly black images; "
            "stretch their values to the full range",
            file=sys.stderr,
        )
    return x, frames


def read_image(path):
    """A grey or colour image file as an upright 8-bit RGB image of Pillow.

    Raises:
      DataError: it cannot be read, or is of another kind, too large or transparent.
    """
    return _in_8_bits(_opaque_file(path).image, path)


def _opaque_file(path):
    file = read_image_file(path)
    if not file.opaque.all():
        raise DataError(f"{path}: has transparent pixels; put a background behind them")
    return file


def _in_8_bits(image, path):
    """An 8-bit RGB image; of 16 bits it keeps the upper 8, as Pillow does for colours."""
    if image.mode not in DEEP:
        return image.convert("RGB")
    values = np.asarray(image)
    if values.min() < 0 or values.max() > WHITE:
        raise DataError(
            f"{path}: has values from {values.min()} to {values.max()}, expected 0 to {WHITE}"
        )
    return Image.fromarray((values // 256).astype(np.uint8)).convert("RGB")
