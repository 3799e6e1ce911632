"""LFW part labels (Kae et al., CVPR 2013): an image of a face -> background, skin or hair at every
pixel.

2,927 funneled images of Labeled Faces in the Wild in the official split: 1,500 training, 500
validation, 927 test. A model sees them at 32x32, or high_res; it is judged at the full 250x250, by
superpixels. The images are downloaded or read from the manual directory; the part labels can no
longer be downloaded. It is also a TFDS data set: see `alen_tf.datasets.builders`.
"""

import gin
import numpy as np
from PIL import Image

from alen_tf.datasets.readers import tags
from alen_tf.datasets.readers.resized import areas, shrunk
from alen_tf.datasets.splits import Examples, Splits
from alen_tf.errors import ConfigError, DataError, check_count

CLASSES = ("background", "skin", "hair")
SIZES = (32, 64, 128)


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
def lfw_parts(manual_dir=None, data_dir=None, size=32, high_res=False):
    """Loads the splits; the first call prepares them with TFDS, in a few minutes.

    Outputs are the shares of background, skin and hair at each of `size` x `size` places, float32;
    the truth at full size is [examples, 250, 250, 2]: the class and the superpixel of every pixel.

    Args:
      manual_dir, data_dir: see `Task.load`.
      size: height and width that a model sees: 32, as in the paper, 64 or 128.
      high_res: whether augmentation sees the training images at 128x128 (`Splits.high_res`).

    Raises:
      ConfigError: `size` is not one of these.
      DataError: files are unavailable, damaged or malformed.
    """
    from alen_tf.datasets.builders import lfw_parts as source
    from alen_tf.datasets.builders import preparation

    check_count("lfw_parts.size", size)
    if size not in SIZES:
        raise ConfigError(f"lfw_parts.size is {size!r}, expected {SIZES[0]}, 64 or {SIZES[-1]}")
    builder = source.LfwParts(data_dir=data_dir)
    if not builder.is_prepared():
        if manual_dir is None:
            raise DataError(
                f"lfw_parts: not in {builder.data_dir}; {source.SOURCE} is down: put "
                f"{source.MASKS} and {', '.join(source.LISTS.values())} in DIR/lfw_parts/ and pass "
                "--manual_dir=DIR"
            )
        for name in (source.MASKS, *source.LISTS.values()):
            tags.manual_file(manual_dir, "lfw_parts", name, source.SOURCE)
        preparation.prepare(builder, manual_dir)
    elif (
        source.official_superpixels(manual_dir)
        and builder.info.metadata["superpixels"] != "official"
    ):
        raise DataError(
            f"{builder.data_dir} was prepared without {source.SUPERPIXELS}: delete that folder "
            "to prepare it again"
        )
    rows = {
        split: source.read_split(builder, split, size > SIZES[0] or (high_res and split == "train"))
        for split in source.LISTS
    }
    return Splits(
        "lfw_parts",
        **{split: _examples(rows[split], size, split != "train") for split in source.LISTS},
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
    return (
        row["image"] if size == SIZES[0] else shrunk(Image.fromarray(row["finest"]), (size, size))
    )


def _high_res_examples(rows):
    x = np.stack([row["finest"] for row in rows])
    found = (shares(row["classes"][..., 0], x.shape[1]).argmax(axis=-1) for row in rows)
    return Examples(x, np.stack([np.eye(len(CLASSES), dtype=np.uint8)[each] for each in found]))
