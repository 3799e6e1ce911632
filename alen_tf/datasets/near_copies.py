"""Images of one split that nearly equal images of another, which reward memorisation."""

import itertools
import sys
from typing import NamedTuple

import numpy as np
from PIL import Image

from alen_tf.datasets.readers.resized import shrunk

SIDE = 32  # images are compared at this height and width, if they are not smaller
TOLERANCE = 10.0  # of 255: recompressed or rescaled horses differ by 2 to 9, other horses by 34
CONTRAST = 0.2  # of an image's own deviation: faint images are all close to each other
ROWS = 512  # images compared with all others at once
SHOWN = 5


class Pair(NamedTuple):
    """Two nearly identical images.

    Attributes:
      first, second: their rows.
      rms: root mean square of the differences of their pixels, of 255.
    """

    first: int
    second: int
    rms: float


def near_copies(first, second, tolerance=TOLERANCE):
    """For each image of `second`, the nearest image of `first`, if it is a near-copy.

    Args:
      first, second: uint8 [images, height, width, 3], of the same height and width.
      tolerance: the largest RMS of near-copies, of 255.

    Returns:
      A list of `Pair`, in the order of `second`.
    """
    first, second = _vectors(first), _vectors(second)
    squares, pairs = np.square(first).sum(axis=1), []
    for start in range(0, len(second), ROWS):
        part = second[start : start + ROWS]
        nearest = (squares - 2.0 * part @ first.T).argmin(axis=1)
        # The product is rounded; the difference itself is not.
        rms = np.sqrt(np.square(part - first[nearest]).mean(axis=1))
        near = rms <= np.minimum(tolerance, CONTRAST * part.std(axis=1))
        pairs += [
            Pair(int(nearest[row]), start + int(row), float(rms[row]))
            for row in np.flatnonzero(near)
        ]
    return pairs


def _vectors(x):
    size = tuple(min(SIDE, side) for side in x.shape[1:3])
    small = [shrunk(Image.fromarray(image), size).reshape(-1) for image in x]
    return np.stack(small).astype(np.float32) - 127.5  # small squares lose the least


def warn_across(source, splits):
    """Prints one line that names near-copies across splits, if there are any.

    Args:
      source: name of the images in that line.
      splits: (images, their names) by name of the split.
    """
    found = []
    for (one, (x, names)), (other, (others, other_names)) in itertools.combinations(
        splits.items(), 2
    ):
        found += [
            (pair.rms, f"{names[pair.first]} ({one}) and {other_names[pair.second]} ({other})")
            for pair in near_copies(x, others)
        ]
    if found:
        found.sort()
        more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        print(
            f"warning: {source}: near-copies across splits, which inflate scores: "
            f"{'; '.join(text for _, text in found[:SHOWN])}{more} (RMS of at most "
            f"{found[-1][0]:.1f} of 255 at {SIDE}x{SIDE}); remove copies, or keep them together "
            "in one of train/, validation/ and test/",
            file=sys.stderr,
        )
