"""Conversion between the size of image files and the size that a model sees."""

import numpy as np
from PIL import Image
from scipy import ndimage

from alen_tf.datasets.splits import Examples


def shrunk(image, size):
    """An image at the size that a model sees, by averaging areas, uint8 [height, width, 3].

    Args:
      image: RGB image of Pillow.
      size: (height, width).
    """
    return np.asarray(image.resize(size[::-1], Image.Resampling.BOX))


def areas(classes, count, size):
    """The share of each class in the area of each place of a smaller image.

    Args:
      classes: the class of every pixel, uint8 [height, width]; `count` and above mean no class.
      count: number of classes.
      size: (height, width) of the smaller image.

    Returns:
      [height, width, count], float32, which sums to 1 where all pixels have a class.
    """
    parts = [
        Image.fromarray((classes == k).astype(np.float32)).resize(size[::-1], Image.Resampling.BOX)
        for k in range(count)
    ]
    return np.stack([np.asarray(part) for part in parts], axis=-1)


def outputs(classes, names, size):
    """A mask or strokes as outputs of a model: at each place, the most frequent class among the
    pixels with a known class.

    Args:
      classes: see `masks.read_mask`.
      names: of the classes; a single name means inside or outside.
      size: (height, width) of the model's images.

    Returns:
      float32 in {0, 1}, [height, width, names]; NaN where no pixel is known.
    """
    found = areas(classes, max(2, len(names)), size)
    known = found.sum(axis=-1, keepdims=True) > 0
    rows = np.eye(found.shape[-1], dtype=np.float32)[found.argmax(axis=-1)]
    return np.where(known, rows[..., -len(names) :], np.float32(np.nan))


def filled(y):
    """Outputs of a mask, with NaN replaced by the value of the nearest known place."""
    unknown = np.isnan(y).any(axis=-1)
    rows, columns = ndimage.distance_transform_edt(
        unknown, return_distances=False, return_indices=True
    )
    return y[rows, columns]


def examples(x, masks, names):
    """`Examples` of images and their masks at full size, of which one at a time is held.

    Args:
      x: images as a model sees them, uint8 [images, height, width, 3].
      masks: the class of every pixel of each image; see `outputs`.
      names: of the classes; see `outputs`.
    """
    y = np.empty((*x.shape[:3], len(names)), np.uint8)
    counted = np.empty(x.shape[:3], bool)
    for row, mask in enumerate(masks):
        found = outputs(mask, names, x.shape[1:3])
        counted[row] = ~np.isnan(found).any(axis=-1)
        y[row] = filled(found)
    return Examples(x, y, counted=None if counted.all() else counted)


def enlarged(relaxed, size, threshold=0.5):
    """The class of every pixel of an image at full size, from the outputs of a model.

    Args:
      relaxed: relaxed outputs, [height, width, 1 or classes], enlarged by bilinear interpolation.
      size: (height, width) of the image.
      threshold: for a single output; several outputs are compared with each other.

    Returns:
      uint8 [height, width].
    """
    parts = (
        np.asarray(Image.fromarray(part).resize(size[::-1], Image.Resampling.BILINEAR))
        for part in np.moveaxis(np.asarray(relaxed, np.float32), -1, 0)
    )
    if relaxed.shape[-1] == 1:
        return (next(parts) >= threshold).astype(np.uint8)
    # One class at a time: all classes at the size of a photograph may not fit in memory.
    classes, highest = np.zeros(size, np.uint8), next(parts)
    for number, part in enumerate(parts, start=1):
        classes[part > highest] = number
        highest = np.maximum(part, highest)
    return classes
