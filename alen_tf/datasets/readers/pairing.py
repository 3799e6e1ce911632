"""Masks of photographs with an EXIF orientation: drawn on the upright image, or on the stored
pixels?

A camera stores the pixels of its sensor, and in EXIF how to turn them. A drawing program may or may
not respect that, and seldom writes an orientation into the mask.
"""

import sys

import numpy as np

from alen_tf.datasets.readers.image_files import read_frame
from alen_tf.errors import DataError

# What each EXIF orientation, except 1, does to stored pixels [height, width, ...].
TURNS = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: np.rot90,
}


class Pairing:
    """The orientations of masks, for a folder of photographs and a folder of masks.

    A mask with its own orientation is turned accordingly, like all image files. For others, the
    size shows what they were drawn on. If it fits both ways, the rest of the folder decides;
    otherwise the upright image is assumed, which is what viewers show and `predict` writes.
    """

    def __init__(self, photographs, frames, masks):
        """Inspects the masks of rotated photographs, and warns about assumptions.

        Args:
          photographs: paths by name.
          frames: the `Frame` of each photograph, in their order.
          masks: paths by name, of some or all photographs.

        Raises:
          DataError: a mask cannot be read.
        """
        self._photographs, self._masks = photographs, masks
        self._frames = dict(zip(photographs, frames, strict=True))
        drawn = {"upright": [], "stored": [], "either": []}
        for name in photographs:
            if self._frames[name].orientation != 1 and name in masks:
                mask = read_frame(masks[name])
                if mask.orientation == 1:
                    drawn[_drawn_on(self._frames[name], mask.size)].append(name)
        self._turned = set(drawn["stored"])
        on = "the upright image"
        if drawn["stored"] and not drawn["upright"]:
            self._turned |= set(drawn["either"])
            on = "the stored pixels, like other masks here"
        self._warn(drawn["stored"], "has the size of the stored pixels, so it is turned too")
        self._warn(
            drawn["either"],
            f"fits both ways: assumed to be drawn on {on}; if that is wrong, turn the masks",
        )

    def _warn(self, names, what):
        if names:
            more = f", and {len(names) - 1} more like it" if len(names) > 1 else ""
            print(
                f"warning: {self._masks[names[0]]}{more}: EXIF turns the image "
                f"{self._photographs[names[0]].name}, and the mask {what}",
                file=sys.stderr,
            )

    def upright(self, name, classes):
        """The classes of a mask, [height, width], as its upright photograph has them.

        Raises:
          DataError: they are of another size.
        """
        frame = self._frames[name]
        if name in self._turned:
            classes = TURNS[frame.orientation](classes)
        if classes.shape != frame.size:
            raise DataError(
                f"{self._masks[name]}: {classes.shape[1]}x{classes.shape[0]} pixels, but its image "
                f"{self._photographs[name]} has {frame.size[1]}x{frame.size[0]}"
            )
        return classes


def _drawn_on(frame, size):
    """What a mask of this size was drawn on; a mask that fits neither is rejected when it is
    read."""
    stored = frame.size[::-1] if frame.orientation >= 5 else frame.size
    if size == stored:
        return "either" if size == frame.size else "stored"
    return "upright"
