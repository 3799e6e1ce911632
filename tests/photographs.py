"""Folders of small photographs with masks: a bright blob on dark ground."""

import numpy as np
from PIL import Image


def blob(rng, height, width):
    """An image, uint8 [height, width, 3], and which of its pixels are blob, bool."""
    rows, columns = np.mgrid[:height, :width]
    top, left = rng.uniform(0.35, 0.65, 2) * (height, width)
    radius = rng.uniform(0.2, 0.35) * min(height, width)
    inside = (rows - top) ** 2 + (columns - left) ** 2 < radius**2
    image = rng.integers(0, 60, (height, width, 3)) + 120 * inside[..., None]
    return image.astype(np.uint8), inside


def write_folder(folder, count, size, classes=1, seed=0):
    """Writes `images/` and `masks/` with `count` images of `size` (height, width).

    Masks are 0 and 255 where `classes` is 1; else the blob is class 1, and its right half class 2.
    """
    rng = np.random.default_rng(seed)
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True)
    for number in range(count):
        image, inside = blob(rng, *size)
        mask = inside * 255
        if classes > 1:
            right = np.arange(size[1]) >= size[1] / 2
            mask = np.where(inside & right, 2, inside)
            image[..., 0] += (60 * right * inside).astype(np.uint8)
        Image.fromarray(image).save(folder / "images" / f"blob {number:02d}.png")
        Image.fromarray(mask.astype(np.uint8)).save(folder / "masks" / f"blob {number:02d}.png")
