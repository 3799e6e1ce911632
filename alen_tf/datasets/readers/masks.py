"""Masks and strokes at full size: the class of every pixel of an image."""

import numpy as np

from alen_tf.datasets.readers.image_files import read_image_file
from alen_tf.errors import DataError

UNKNOWN = 255  # the class of unknown pixels
# Lossy compression blurs the border of an object: values may be this far from black and white ...
TOLERANCE = 64
BLURRED = 0.1  # ... except in this share of pixels; pale photographs have 15%


def read_mask(path, names):
    """The class of every pixel of an image file, uint8 [height, width].

    Its grey values are classes: 0 for the first of `names` and so on, and 255, `UNKNOWN`, for
    pixels that do not count. With a single name they are 0 and 1, 0 and 255, or 0 and 65535, for
    pixels outside and inside the object. The indices of a palette are read in the same way,
    unless its colours are such greys themselves. With a single name, a lossy file must have dark
    and bright pixels.

    Raises:
      DataError: the file cannot be read, or a pixel has another value; the message names it.
    """
    classes, opaque = _read(path, names, what="mask")
    if not opaque.all():
        raise DataError(
            f"{path}: {_place(~opaque)} is transparent, but a mask must give every pixel a class"
        )
    return classes


def read_strokes(path, names):
    """Like `read_mask`, but pixels that are not fully opaque are `UNKNOWN` too."""
    return _read(path, names, what="strokes")[0]


def _read(path, names, what):
    """Classes, and which pixels are fully opaque; the class of all others is `UNKNOWN`."""
    file = read_image_file(path)
    if file.cut:
        raise DataError(f"{path}: has 16-bit colours; save the {what} in grey, or with 8 bits")
    values = _inside(file, path, names) if file.lossy else _values(file, path, names, what)
    return np.where(file.opaque, values, UNKNOWN).astype(np.uint8), file.opaque


def _values(file, path, names, what):
    """The class of every opaque pixel of a file that holds exact values."""
    image, opaque = file.image, file.opaque
    values = np.asarray(image)
    if values.ndim == 3:
        colours = values[..., :-1] if image.mode[-1] == "A" else values
        values = colours[..., 0]
        _check(opaque & (colours != colours[..., :1]).any(axis=-1), colours, path, what, names)
    if image.mode in ("P", "PA"):
        values = _meant(values, opaque, image, names)
    if len(names) == 1:
        highest = values[opaque].max(initial=1)
        inside = highest if highest in (255, 2**16 - 1) else 1
        _check(opaque & (values != 0) & (values != inside), values, path, what, names)
        return values != 0
    wrong = (values < 0) | ((values >= len(names)) & (values != UNKNOWN))
    _check(opaque & wrong, values, path, what, names)
    return values


def _inside(file, path, names):
    """Which pixels of a lossy file are bright.

    Raises:
      DataError: there are several classes, whose values did not survive, or the image is not a
        mask.
    """
    if len(names) > 1:
        raise DataError(
            f"{path}: its compression changes pixel values, and thus classes; save masks of "
            "several classes as PNG"
        )
    values = np.asarray(file.image.convert("L"))
    between = file.opaque & (values > TOLERANCE) & (values < 255 - TOLERANCE)
    if between.mean() > BLURRED:
        raise DataError(
            f"{path}: {between.mean():.0%} of its pixels are neither dark nor bright, expected a "
            f"mask of 0 and 255 for {names[0]!r}; {_place(between)} has the value "
            f"{values[between][0]}"
        )
    return values >= 128


def _meant(indices, opaque, image, names):
    """The indices of a palette, or its greys if all greys in use are classes: programs may store
    the colours in any order."""
    palette = np.reshape(image.getpalette("RGB"), (-1, 3))
    if indices.max() >= len(palette):
        return indices
    seen = palette[np.unique(indices[opaque])]
    if not (seen == seen[:, :1]).all():
        return indices
    seen = set(seen[:, 0].tolist())
    if len(names) == 1:
        grey = seen <= {0, 1, 255}
    else:
        classes = set(range(len(names)))
        # Black and white alone are two classes drawn for viewing.
        grey = seen <= classes or (seen - {UNKNOWN} <= classes and seen & classes - {0})
    return palette[indices, 0] if grey else indices


def _check(wrong, values, path, what, names):
    """Raises a `DataError` that names the first wrong pixel, if there is one."""
    if wrong.any():
        value = values[wrong][0]
        value = f"value {value}" if value.ndim == 0 else f"colour {tuple(map(int, value))}"
        expected = (
            f"0 and 1, or 0 and 255, for {names[0]!r}"
            if len(names) == 1
            else f"one of the {len(names)} classes 0 ({names[0]}) to {len(names) - 1} "
            f"({names[-1]}), or {UNKNOWN} for pixels that do not count"
        )
        raise DataError(
            f"{path}: {_place(wrong)} of the {what} has the {value}, expected {expected}"
        )


def _place(found):
    """Description of the first of the pixels."""
    row, column = np.argwhere(found)[0]
    return f"row {row + 1}, column {column + 1}"
