"""Folders of small photographs with masks: a bright blob on dark ground; and hostile PNG files."""

import struct
import zlib

import numpy as np
from PIL import Image

# How a camera that is held so stores an upright image, by the orientation that it writes.
STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def saved(path, array, mode=None, orientation=None, **options):
    """The path of an image file of an array, or an image, in a mode of Pillow; stored as EXIF's
    orientation says, if there is one."""
    image = array if isinstance(array, Image.Image) else Image.fromarray(array)
    if mode:
        image = image.convert(mode)
    if orientation:
        image, options["exif"] = image.transpose(STORED[orientation]), Image.Exif()
        options["exif"][0x0112] = orientation
    image.save(path, **options)
    return path


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
    parts = [_header(width, height, bits=8)]
    if comment:
        parts.append(_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(comment), 1)))
    return _png(*parts, _chunk(b"IDAT", zlib.compress(bytes(1000))))


def deep_colours(values):
    """A PNG file of colours of 16 bits, [height, width, 3], which Pillow does not write."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = _header(values.shape[1], values.shape[0], bits=16)
    return _png(header, _chunk(b"IDAT", zlib.compress(rows)))


def _png(*chunks):
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + _chunk(b"IEND", b"")


def _header(width, height, bits):
    return _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0))


def _chunk(kind, data):
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
