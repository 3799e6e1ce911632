"""Masks beside photographs that EXIF turns: on the upright image, or on the stored pixels?

A camera stores the pixels of its sensor, and in EXIF how they are to be turned. What draws a mask
may heed that or not, and seldom writes an orientation into the mask itself.
"""

import sys

import numpy as np

from alen_tf.datasets.readers.image_files import read_frame
from alen_tf.errors import DataError

# What each orientation of EXIF, but 1, does to stored pixels [height, width, ...].
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
    """How the masks of photographs are to be held, a folder of each.

    A mask with an orientation of its own is turned by that, as all image files are. Of others the
    size tells what they were drawn on. Where it fits both ways, they are like the rest of the
    folder, and else drawn on the upright image, which is what viewers show and what `predict`
    writes.
    """

    def __init__(self, photographs, frames, masks):
        """Looks at the masks of photographs that are turned, and warns of what it had to assume.

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
            on = "stored pixels, as others here are"
        self._warn(drawn["stored"], "has the size of the stored pixels: turned likewise")
        self._warn(
            drawn["either"],
            f"fits both ways: taken as drawn on {on}; if that is wrong, turn the masks",
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
    """What a mask of a size was drawn on; what fits nothing is refused where it is read."""
    stored = frame.size[::-1] if frame.orientation >= 5 else frame.size
    if size == stored:
        return "either" if size == frame.size else "stored"
    return "upright"
