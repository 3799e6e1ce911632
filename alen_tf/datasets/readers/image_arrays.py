"""Photographs and masks as a user has them in Python: arrays, of one size or of several."""

import numpy as np
from PIL import Image

from alen_tf.datasets.readers import masks
from alen_tf.datasets.readers.resized import shrunk
from alen_tf.errors import DataError, shortened


def read_photographs(X):  # noqa: N803
    """Photographs as RGB images of Pillow.

    Args:
      X: uint8 [images, height, width, 3], or [images, height, width] in grey; or a list of images
        of several sizes.

    Raises:
      DataError: `X` is empty, or an image is not such an array; the message says which one.
    """
    if not len(X):
        raise DataError("X: there is no image")
    if isinstance(X, np.ndarray) and X.shape[2:] == (3,):
        raise DataError(f"X has shape {X.shape}, that of a single image: pass X[None]")
    return [_photograph(number, image) for number, image in enumerate(X)]


def _photograph(number, image):
    image = np.asarray(image)
    if image.dtype != np.uint8:
        raise DataError(
            f"X[{number}] is of type {image.dtype}, expected uint8 from 0 to 255; scale values in "
            "[0, 1] with np.uint8(255 * X)"
        )
    if image.ndim not in (2, 3) or image.shape[2:] not in ((), (1,), (3,)) or not image.size:
        raise DataError(
            f"X[{number}] has shape {image.shape}, expected [height, width, 3], or [height, width] "
            "in grey"
        )
    return Image.fromarray(image[..., 0] if image.shape[2:] == (1,) else image).convert("RGB")


def read_classes(y, ignored=None):
    """The values of masks, sorted, without the one of pixels that do not count.

    Raises:
      DataError: values are no whole numbers, or those of fewer than two classes or of too many.
    """
    for number, mask in enumerate(y):
        if not (mask := np.asarray(mask)).size or mask.dtype.kind not in "iub":
            raise DataError(
                f"y[{number}] is of type {mask.dtype} and shape {mask.shape}, expected a mask of "
                "whole numbers [height, width]"
            )
    classes = np.unique(np.concatenate([np.unique(mask) for mask in y]))
    classes = classes[classes != ignored] if ignored is not None else classes
    if not 2 <= len(classes) < masks.UNKNOWN:
        raise DataError(
            f"y: masks have the value(s) {shortened(classes.tolist())}, expected those of 2 to "
            f"{masks.UNKNOWN - 1} classes"
        )
    return classes


def read_masks(y, photographs, classes, ignored=None, name="y"):
    """Masks as numbers of classes, uint8 [height, width]; `masks.UNKNOWN` for pixels of the value
    `ignored`, and for NaN.

    Args:
      y: masks of the photographs' sizes, [images, height, width] or a list.
      photographs: see `read_photographs`.
      classes: the values of masks, sorted.
      ignored: the value of pixels that do not count; None for none.
      name: what errors call the masks.

    Raises:
      DataError: a mask is missing, of another size than its image, or has another value.
    """
    if len(y) != len(photographs):
        raise DataError(f"{name} has {len(y)} mask(s), but X has {len(photographs)} image(s)")
    return [
        _numbers(np.asarray(mask), photograph, classes, ignored, f"{name}[{number}]")
        for number, (mask, photograph) in enumerate(zip(y, photographs, strict=True))
    ]


def _numbers(mask, photograph, classes, ignored, name):
    mask = mask[..., 0] if mask.shape[2:] == (1,) else mask
    if mask.shape != photograph.size[::-1]:
        raise DataError(
            f"{name} has shape {mask.shape}, but its image is {photograph.height} high and "
            f"{photograph.width} wide"
        )
    found = np.searchsorted(classes, mask).clip(0, len(classes) - 1)
    skipped = np.isnan(mask) if ignored is None else np.isnan(mask) | (mask == ignored)
    if (strange := ~skipped & (classes[found] != mask)).any():
        raise DataError(
            f"{name} has the value {mask[strange][0]}; classes are {shortened(classes.tolist())}"
        )
    return np.where(skipped, masks.UNKNOWN, found).astype(np.uint8)


def inputs(photographs, size):
    """Photographs as a model sees them, uint8 [images, height, width, 3]."""
    return np.stack([shrunk(photograph, size) for photograph in photographs])


def check_known(numbers):
    """Checks that a pixel of every mask of `read_masks` counts.

    Raises:
      DataError: of one, none does.
    """
    for number, mask in enumerate(numbers):
        if (mask == masks.UNKNOWN).all():
            raise DataError(f"y[{number}]: all pixels are ignored, none has a class")
