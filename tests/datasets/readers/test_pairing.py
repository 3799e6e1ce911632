import numpy as np
import pytest
from PIL import Image

from alen_tf.datasets.readers.image_files import read_frame
from alen_tf.datasets.readers.masks import read_mask
from alen_tf.datasets.readers.pairing import Pairing
from tests.photographs import STORED, saved
from tests.raised import wrong


class Folder:
    """Photographs and masks in the making."""

    def __init__(self, path):
        self.path, self.photographs, self.masks, self.classes = path, {}, {}, {}

    def add(self, name, classes, orientation, drawn_on="upright"):
        """A photograph that EXIF turns, and a mask without EXIF, unless it is drawn on "both"."""
        image = np.zeros((*classes.shape, 3), np.uint8)
        path = self.path / f"{name}.jpg"
        self.photographs[name] = saved(path, image, orientation=orientation)
        mask = Image.fromarray(classes.astype(np.uint8))
        if drawn_on == "stored":
            mask = mask.transpose(STORED[orientation])
        path = self.path / f"{name}.png"
        both = orientation if drawn_on == "both" else None
        self.masks[name] = saved(path, mask, orientation=both)
        self.classes[name] = classes

    def pairing(self):
        frames = [read_frame(path) for path in self.photographs.values()]
        return Pairing(self.photographs, frames, self.masks)

    def check(self, pairing, *names):
        for name in names:
            found = pairing.upright(name, read_mask(self.masks[name], ("object",)))
            np.testing.assert_array_equal(found, self.classes[name])


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


@pytest.fixture
def shape(random):
    """Classes of a shape without symmetry, by height and width."""
    return lambda *size: random.rand(*size) < 0.5


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("size", [(6, 6), (6, 9)])
def test_an_orientation_in_both_is_certain(folder, shape, capsys, orientation, size):
    folder.add("a", shape(*size), orientation, "both")
    folder.check(folder.pairing(), "a")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_the_size_tells_what_a_mask_was_drawn_on(folder, shape, capsys, orientation):
    folder.add("a", shape(6, 9), orientation)
    folder.add("b", shape(9, 6), orientation, "stored")
    folder.add("c", shape(6, 9), orientation, "stored")
    folder.check(folder.pairing(), "a", "b", "c")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        f"warning: {folder.masks['b']}, and 1 more like it: EXIF turns the image"
    )
    assert "b.jpg, and the mask has the size of the stored pixels, so it is turned too" in line


@pytest.mark.parametrize(("size", "orientation"), [((6, 6), 6), ((6, 9), 3), ((6, 9), 2)])
def test_what_fits_both_ways_is_said(folder, shape, capsys, size, orientation):
    folder.add("a", shape(*size), orientation)
    folder.check(folder.pairing(), "a")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"warning: {folder.masks['a']}: EXIF turns the image a.jpg")
    assert "fits both ways: assumed to be drawn on the upright image; if that is wrong" in line


@pytest.mark.parametrize("orientation", STORED)
def test_what_fits_both_ways_follows_the_folder(folder, shape, capsys, orientation):
    folder.add("a", shape(6, 6), orientation, "stored")
    folder.add("b", shape(6, 9), 6, "stored")
    folder.check(folder.pairing(), "a", "b")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "a.png: EXIF turns the image a.jpg" in lines[1]
    assert "assumed to be drawn on the stored pixels, like other masks here" in lines[1]
    folder.add("a", shape(6, 6), orientation)
    folder.add("c", shape(6, 9), 6)  # now some are upright
    folder.check(folder.pairing(), "a", "b", "c")
    assert "assumed to be drawn on the upright image" in capsys.readouterr().err


def test_sizes_that_do_not_fit_are_named(folder, shape):
    folder.add("a", shape(6, 9), 6)
    classes = shape(5, 9)
    wrong(lambda: folder.pairing().upright("a", classes), "a.png: 9x5 pixels", "a.jpg has 9x6")
