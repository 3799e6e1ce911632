import numpy as np
import pytest
from PIL import Image

from alen_tf.datasets.readers.masks import UNKNOWN, read_mask, read_strokes
from tests.photographs import deep_colours, saved
from tests.raised import wrong

NAMES = ("ground", "sky", "sea")


def test_masks_of_one_object(tmp_path, random):
    inside = random.rand(6, 4) < 0.5
    for array in (
        inside,
        inside.astype(np.uint8),
        inside.astype(np.uint8) * 255,
        inside.astype(np.uint16) * 65535,
    ):
        found = read_mask(saved(tmp_path / "m.png", array), ("horse",))
        np.testing.assert_array_equal(found, inside)
    mixed = inside.astype(np.uint8) * 255
    mixed[2, 3] = 1
    wrong(
        lambda: read_mask(saved(tmp_path / "m.png", mixed), ("horse",)),
        "m.png: row 3, column 4 of the mask has the value 1, expected 0 and 1, or 0 and 255",
    )


def test_masks_of_classes(tmp_path, random):
    classes = random.randint(0, 3, (6, 4)).astype(np.uint8)
    indexed = Image.fromarray(classes)
    indexed.putpalette([200, 0, 0, 0, 200, 0, 0, 0, 200])
    deep = classes.astype(np.uint16)
    for array in (classes, indexed, deep, np.repeat(classes[..., None], 3, -1)):
        found = read_mask(saved(tmp_path / "m.png", array), NAMES)
        np.testing.assert_array_equal(found, classes)
        assert found.dtype == np.uint8
    classes[1, 0] = 254
    wrong(
        lambda: read_mask(saved(tmp_path / "m.png", classes), NAMES),
        "m.png: row 2, column 1 of the mask has the value 254",
        "one of the 3 classes 0 (ground) to 2 (sea), or 255 for pixels that do not count",
    )
    deep[0, 2] = 256 + 1  # no class, though its last byte is one
    wrong(lambda: read_mask(saved(tmp_path / "m.png", deep), NAMES), "the value 257")
    red = np.zeros((2, 2, 3), np.uint8)
    red[1, 1] = 255, 0, 0
    wrong(
        lambda: read_mask(saved(tmp_path / "m.png", red), NAMES),
        "row 2, column 2 of the mask has the colour (255, 0, 0)",
    )
    clear = np.stack([classes * 0, np.full_like(classes, 255)], -1)
    clear[4, 3, 1] = 0
    wrong(
        lambda: read_mask(saved(tmp_path / "m.png", clear), NAMES),
        "row 5, column 4 is transparent",
    )


def test_palettes_in_any_order(tmp_path, random):
    """Of greys that are classes the greys count, of all others the indices."""
    inside = random.rand(9, 8) < 0.3
    order = [255, 255, 255, 0, 0, 0]  # as Pillow's quantize() may leave it
    for palette, indices in ((order, ~inside), (order[::-1], inside), ([0, 0, 9, 9, 0, 0], inside)):
        indexed = Image.fromarray(indices.astype(np.uint8))
        indexed.putpalette(palette)
        found = read_mask(saved(tmp_path / "m.png", indexed), ("horse",))
        np.testing.assert_array_equal(found, inside)
    classes = random.randint(0, 3, (9, 8)).astype(np.uint8)
    shown = [0, 0, 0, 128, 128, 128, 255, 255, 255]
    for palette, indices in (([2, 2, 2, 1, 1, 1, 0, 0, 0], 2 - classes), (shown, classes)):
        indexed = Image.fromarray(indices)
        indexed.putpalette(palette)
        found = read_mask(saved(tmp_path / "m.png", indexed), NAMES)
        np.testing.assert_array_equal(found, classes)
    quantized = Image.fromarray(inside.astype(np.uint8) * 255).quantize(2)
    found = read_mask(saved(tmp_path / "m.png", quantized), ("horse",))
    np.testing.assert_array_equal(found, inside)


def test_255_does_not_count_where_there_are_classes(tmp_path, random):
    classes = random.choice([0, 1, 2, 255], (9, 8)).astype(np.uint8)
    for array in (classes, classes.astype(np.uint16), np.repeat(classes[..., None], 3, -1)):
        np.testing.assert_array_equal(read_mask(saved(tmp_path / "m.png", array), NAMES), classes)
    indexed = Image.fromarray(classes)  # as those of Pascal VOC
    indexed.putpalette([*(0, 0, 0, 128, 0, 0, 0, 128, 0), *[0] * 756, *(224, 224, 192)])
    np.testing.assert_array_equal(read_mask(saved(tmp_path / "m.png", indexed), NAMES), classes)
    order = np.array([255, 2, 0, 1])  # of greys, as a program that saves few colours leaves them
    indexed = Image.fromarray(np.argmax(classes[..., None] == order, -1).astype(np.uint8))
    indexed.putpalette(np.repeat(order, 3).tolist())
    np.testing.assert_array_equal(read_mask(saved(tmp_path / "m.png", indexed), NAMES), classes)


def test_two_classes_shown_in_black_and_white_are_indices(tmp_path, random):
    classes = random.randint(0, 2, (9, 8)).astype(np.uint8)
    indexed = Image.fromarray(classes)
    indexed.putpalette([0, 0, 0, 255, 255, 255])
    found = read_mask(saved(tmp_path / "m.png", indexed), ("ground", "horse"))
    np.testing.assert_array_equal(found, classes)


@pytest.mark.parametrize("name", ["m.tif", "m.webp"])
def test_masks_in_other_files_without_loss(tmp_path, random, name):
    options = {"lossless": True} if name == "m.webp" else {}
    classes = random.randint(0, 3, (9, 8)).astype(np.uint8)
    path = saved(tmp_path / name, classes, **options)
    np.testing.assert_array_equal(read_mask(path, NAMES), classes)
    path = saved(tmp_path / name, (classes == 1).astype(np.uint8) * 255, **options)
    np.testing.assert_array_equal(read_mask(path, ("horse",)), classes == 1)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("m.jpg", {"quality": 50}),
        ("m.png", {"quality": 75, "format": "JPEG"}),  # by a wrong name
        ("m.webp", {"quality": 50}),
        ("m.tif", {"compression": "jpeg"}),
    ],
)
def test_masks_of_lossy_compression(tmp_path, random, name, options):
    rows, columns = np.mgrid[:40, :32]
    inside = (rows - 18) ** 2 + (columns - 15) ** 2 < 100
    for colours in (inside, np.repeat(inside[..., None], 3, -1)):
        path = saved(tmp_path / name, colours.astype(np.uint8) * 255, **options)
        assert len(np.unique(Image.open(path))) > 2
        np.testing.assert_array_equal(read_mask(path, ("horse",)), inside)
    wrong(lambda: read_mask(path, NAMES), f"{name}: its compression changes pixel values", "PNG")
    grey = inside * 255
    grey[5:17, 3:15] = 128  # 11%
    path = saved(tmp_path / name, grey.astype(np.uint8), **options)
    wrong(lambda: read_mask(path, ("horse",)), f"{name}: 1", "neither dark nor bright", "'horse'")


def test_masks_in_colours_of_16_bits_are_refused(tmp_path):
    path = tmp_path / "m.png"
    path.write_bytes(deep_colours(np.ones((4, 5, 3), np.uint16)))  # of which Pillow makes zeros
    wrong(lambda: read_mask(path, NAMES), "m.png: has 16-bit colours; save the mask in grey")


def test_strokes_are_what_is_opaque(tmp_path, random):
    classes, alpha = random.randint(0, 3, (6, 4)), random.choice([0, 120, 255], (6, 4))
    expected = np.where(alpha == 255, classes, UNKNOWN)
    for channels in ([classes] * 3, [classes]):
        array = np.stack([*channels, alpha], -1).astype(np.uint8)
        array[alpha < 255, 0] = 99  # of no meaning
        found = read_strokes(saved(tmp_path / "s.png", array), NAMES)
        np.testing.assert_array_equal(found, expected)
    indexed = Image.fromarray(np.where(alpha == 255, classes, 7).astype(np.uint8))
    indexed.putpalette([0, 0, 200] * 8)
    path = saved(tmp_path / "s.png", indexed, transparency=7)
    np.testing.assert_array_equal(read_strokes(path, NAMES), expected)
