import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from alen_tf.datasets.readers import images
from alen_tf.errors import DataError
from tests.photographs import png_header

NAMES = ("ground", "sky", "sea")


@pytest.fixture
def pixels(random):
    return random.randint(0, 256, (5, 7, 3)).astype(np.uint8)


def saved(path, array, mode=None, **options):
    image = array if isinstance(array, Image.Image) else Image.fromarray(array)
    (image.convert(mode) if mode else image).save(path, **options)
    return path


def wrong(read, *parts):
    with pytest.raises(DataError) as caught:
        read()
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_photographs_of_8_bits_are_read(tmp_path, pixels):
    path, grey = tmp_path / "a.png", pixels[..., 0]
    np.testing.assert_array_equal(images.read_image(saved(path, pixels)), pixels)
    np.testing.assert_array_equal(images.read_image(saved(path, pixels, "RGBA")), pixels)
    for array in (grey, np.stack([grey, np.full_like(grey, 255)], -1)):
        found = np.asarray(images.read_image(saved(path, array)))
        np.testing.assert_array_equal(found, np.repeat(grey[..., None], 3, -1))
    found = images.read_image(saved(path, grey > 99))
    np.testing.assert_array_equal(np.asarray(found)[..., 1], (grey > 99) * 255)
    few = Image.fromarray(pixels // 128 * 255).convert("P")
    np.testing.assert_array_equal(images.read_image(saved(path, few)), few.convert("RGB"))
    jpeg = saved(tmp_path / "a.jpg", np.full_like(pixels, 77))
    np.testing.assert_allclose(images.read_image(jpeg), 77, atol=2)


def test_photographs_are_turned_upright(tmp_path, pixels):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by 90 degrees
    path = saved(tmp_path / "a.png", pixels, exif=exif)
    np.testing.assert_array_equal(images.read_image(path), np.rot90(pixels, -1))


def test_other_photographs_are_refused_by_name(tmp_path, pixels):
    deep = saved(tmp_path / "deep.png", pixels[..., 0].astype(np.uint16) * 257)
    wrong(lambda: images.read_image(deep), "deep.png", "mode I;16")
    print_ = saved(tmp_path / "print.jpg", pixels, "CMYK")
    wrong(lambda: images.read_image(print_), "print.jpg", "mode CMYK")
    glass = Image.fromarray(pixels)
    glass.putalpha(254)
    glass = saved(tmp_path / "glass.png", glass)
    wrong(lambda: images.read_image(glass), "glass.png: has transparent pixels")
    gif = saved(tmp_path / "film.png", pixels, format="GIF")
    wrong(lambda: images.read_image(gif), "film.png: not a readable PNG or JPEG image")
    wrong(lambda: images.read_image(tmp_path / "no.png"), "no.png: cannot be read")


def test_damaged_files_are_refused_by_name(tmp_path, pixels):
    for name in ("a.png", "a.jpg"):
        content = saved(tmp_path / name, np.tile(pixels, (20, 20, 1))).read_bytes()
        for length in (0, 10, len(content) // 2):
            (tmp_path / name).write_bytes(content[:length])
            wrong(lambda name=name: images.read_image(tmp_path / name), f"{name}: not a readable")


@pytest.mark.parametrize("size", [(8193, 8192), (10_000, 10_000), (2**31 - 1, 2**31 - 1)])
def test_the_size_is_known_before_there_is_memory_for_it(tmp_path, size):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(*size))
    wrong(lambda: images.read_image(path), "bomb.png", "pixels")


def test_masks_of_one_object(tmp_path, random):
    inside = random.rand(6, 4) < 0.5
    for array in (inside, inside.astype(np.uint8), inside.astype(np.uint8) * 255):
        found = images.read_mask(saved(tmp_path / "m.png", array), ("horse",))
        np.testing.assert_array_equal(found, inside)
    mixed = inside.astype(np.uint8) * 255
    mixed[2, 3] = 1
    wrong(
        lambda: images.read_mask(saved(tmp_path / "m.png", mixed), ("horse",)),
        "m.png: row 3, column 4 of the mask has the value 1, expected 0 and 1, or 0 and 255",
    )


def test_masks_of_classes(tmp_path, random):
    classes = random.randint(0, 3, (6, 4)).astype(np.uint8)
    indexed = Image.fromarray(classes)
    indexed.putpalette([200, 0, 0, 0, 200, 0, 0, 0, 200])
    deep = classes.astype(np.uint16)
    for array in (classes, indexed, deep, np.repeat(classes[..., None], 3, -1)):
        found = images.read_mask(saved(tmp_path / "m.png", array), NAMES)
        np.testing.assert_array_equal(found, classes)
        assert found.dtype == np.uint8
    classes[1, 0] = 255
    wrong(
        lambda: images.read_mask(saved(tmp_path / "m.png", classes), NAMES),
        "m.png: row 2, column 1 of the mask has the value 255",
        "one of the 3 classes 0 (ground) to 2 (sea)",
    )
    deep[0, 2] = 256 + 1  # no class, though its last byte is one
    wrong(lambda: images.read_mask(saved(tmp_path / "m.png", deep), NAMES), "the value 257")
    red = np.zeros((2, 2, 3), np.uint8)
    red[1, 1] = 255, 0, 0
    wrong(
        lambda: images.read_mask(saved(tmp_path / "m.png", red), NAMES),
        "row 2, column 2 of the mask has the colour (255, 0, 0)",
    )
    clear = np.stack([classes * 0, np.full_like(classes, 255)], -1)
    clear[4, 3, 1] = 0
    wrong(
        lambda: images.read_mask(saved(tmp_path / "m.png", clear), NAMES),
        "row 5, column 4 is transparent",
    )


def test_palettes_in_any_order(tmp_path, random):
    """Of greys that are classes the greys count, of all others the indices."""
    inside = random.rand(9, 8) < 0.3
    order = [255, 255, 255, 0, 0, 0]  # as Pillow's quantize() may leave it
    for palette, indices in ((order, ~inside), (order[::-1], inside), ([0, 0, 9, 9, 0, 0], inside)):
        indexed = Image.fromarray(indices.astype(np.uint8))
        indexed.putpalette(palette)
        found = images.read_mask(saved(tmp_path / "m.png", indexed), ("horse",))
        np.testing.assert_array_equal(found, inside)
    classes = random.randint(0, 3, (9, 8)).astype(np.uint8)
    shown = [0, 0, 0, 128, 128, 128, 255, 255, 255]
    for palette, indices in (([2, 2, 2, 1, 1, 1, 0, 0, 0], 2 - classes), (shown, classes)):
        indexed = Image.fromarray(indices)
        indexed.putpalette(palette)
        found = images.read_mask(saved(tmp_path / "m.png", indexed), NAMES)
        np.testing.assert_array_equal(found, classes)
    quantized = Image.fromarray(inside.astype(np.uint8) * 255).quantize(2)
    found = images.read_mask(saved(tmp_path / "m.png", quantized), ("horse",))
    np.testing.assert_array_equal(found, inside)


def test_strokes_are_what_is_opaque(tmp_path, random):
    classes, alpha = random.randint(0, 3, (6, 4)), random.choice([0, 120, 255], (6, 4))
    expected = np.where(alpha == 255, classes, images.UNKNOWN)
    for channels in ([classes] * 3, [classes]):
        array = np.stack([*channels, alpha], -1).astype(np.uint8)
        array[alpha < 255, 0] = 99  # of no meaning
        found = images.read_strokes(saved(tmp_path / "s.png", array), NAMES)
        np.testing.assert_array_equal(found, expected)
    indexed = Image.fromarray(np.where(alpha == 255, classes, 7).astype(np.uint8))
    indexed.putpalette([0, 0, 200] * 8)
    path = saved(tmp_path / "s.png", indexed, transparency=7)
    np.testing.assert_array_equal(images.read_strokes(path, NAMES), expected)


def test_lists_are_of_images_alone(tmp_path, pixels):
    wrong(lambda: images.listed(tmp_path / "none", images.MASKS), "none: cannot be read")
    (tmp_path / "a folder.png").mkdir()
    (tmp_path / ".hidden").write_text("")
    wrong(lambda: images.listed(tmp_path, images.MASKS), f"{tmp_path}: no image in it")
    for name in ("b.PNG", "a.png"):
        saved(tmp_path / name, pixels, format="PNG")
    found = images.listed(tmp_path, images.PHOTOGRAPHS)
    assert found == {"a": tmp_path / "a.png", "b": tmp_path / "b.PNG"}
    assert list(found) == ["a", "b"]
    assert images.listed(tmp_path / "a.png", images.MASKS) == {"a": tmp_path / "a.png"}
    saved(tmp_path / "a.jpg", pixels)
    wrong(lambda: images.listed(tmp_path, images.PHOTOGRAPHS), "a.png: a.jpg has the same name")
    wrong(lambda: images.listed(tmp_path, images.MASKS), "a.jpg: not one of .png")


def test_too_many_images(tmp_path, monkeypatch, pixels):
    monkeypatch.setattr(images, "LARGEST_ARRAY", 47)
    paths = {"a": saved(tmp_path / "a.png", pixels)}
    wrong(
        lambda: images.read_images(paths, (4, 4)), f"{tmp_path}: 1 images of 4x4 are more than 47"
    )


def blocks(array, size):
    """Parts of an array [height, width, ...] that become the places of a smaller one."""
    height, width = array.shape[0] // size[0], array.shape[1] // size[1]
    parts = [np.split(row, size[1], axis=1) for row in np.split(array, size[0])]
    assert parts[0][0].shape[:2] == (height, width)
    return parts


def test_images_shrink_to_means(random):
    image = random.randint(0, 256, (12, 20, 3)).astype(np.uint8)
    found = images.shrunk(Image.fromarray(image), (3, 5))
    expected = [[part.mean((0, 1)) for part in row] for row in blocks(image, (3, 5))]
    np.testing.assert_allclose(found, expected, atol=1)


def test_masks_shrink_to_the_most_frequent_class(random):
    classes = random.choice(3, (12, 20), p=[0.4, 0.35, 0.25]).astype(np.uint8)
    counts = [
        [np.bincount(part.ravel(), minlength=3) for part in row] for row in blocks(classes, (3, 5))
    ]
    found = images.outputs(classes, NAMES, (3, 5))
    chosen = np.take_along_axis(np.array(counts), found.argmax(-1)[..., None], -1)[..., 0]
    np.testing.assert_array_equal(chosen, np.max(counts, -1))
    np.testing.assert_array_equal(found.sum(-1), 1)
    inside = (classes == 1).astype(np.uint8)
    share = [[part.mean() for part in row] for row in blocks(inside, (3, 5))]
    np.testing.assert_array_equal(
        images.outputs(inside, ("sky",), (3, 5))[..., 0], np.array(share) > 0.5
    )


@pytest.mark.parametrize("names", [NAMES, ("horse",)])
def test_one_known_pixel_makes_a_place_known(names):
    strokes = np.full((12, 20), images.UNKNOWN, np.uint8)
    strokes[5, 7], strokes[0, 0], strokes[1, 1:3] = 1, 1, 0
    found = images.known_outputs(strokes, names, (3, 5))
    expected = np.full((3, 5, 3), np.nan)
    expected[1, 1], expected[0, 0] = (0, 1, 0), (1, 0, 0)
    np.testing.assert_array_equal(found, expected[..., 1:2] if len(names) == 1 else expected)


def test_outputs_are_enlarged_before_they_are_decoded(random):
    relaxed = random.dirichlet(np.ones(3), (4, 5)).astype(np.float32)
    large = tf.image.resize(relaxed, (31, 23)).numpy()
    found = images.enlarged(relaxed, (31, 23))
    assert np.mean(found == large.argmax(-1)) > 0.995  # ties are rounded this way or that
    one = images.enlarged(relaxed[..., :1], (31, 23), 0.3)
    assert np.mean(one == (large[..., 0] >= 0.3)) > 0.995
    np.testing.assert_array_equal(images.enlarged(relaxed, (4, 5)), relaxed.argmax(-1))


def test_a_link_to_nothing_is_named(tmp_path, pixels):
    saved(tmp_path / "a.png", pixels)
    (tmp_path / "b.png").symlink_to(tmp_path / "not fetched.png")
    wrong(lambda: images.read_images(images.listed(tmp_path, (".png",)), (4, 4)), "b.png: cannot")
