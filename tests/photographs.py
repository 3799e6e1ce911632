"""Folders of small photographs with masks: a bright blob on dark ground; and hostile PNG files."""

import struct
import zlib

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


def png_header(width, height, comment=0):
    """A small PNG file that says to be so large, with a comment that grows to so many bytes."""

    def chunk(kind, data):
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", header)]
    if comment:
        parts.append(chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(comment), 1)))
    parts += [chunk(b"IDAT", zlib.compress(bytes(1000))), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
