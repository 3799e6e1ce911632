import numpy as np
import pytest
from PIL import Image

from alen_tf.datasets.readers import photographs
from alen_tf.datasets.readers.photographs import read_image, read_images
from tests.photographs import deep_colours, saved
from tests.raised import wrong


@pytest.fixture
def pixels(random):
    return random.randint(0, 256, (5, 7, 3)).astype(np.uint8)


def test_photographs_of_8_bits_are_read(tmp_path, pixels):
    path, grey = tmp_path / "a.png", pixels[..., 0]
    np.testing.assert_array_equal(read_image(saved(path, pixels)), pixels)
    np.testing.assert_array_equal(read_image(saved(path, pixels, "RGBA")), pixels)
    for array in (grey, np.stack([grey, np.full_like(grey, 255)], -1)):
        found = np.asarray(read_image(saved(path, array)))
        np.testing.assert_array_equal(found, np.repeat(grey[..., None], 3, -1))
    found = read_image(saved(path, grey > 99))
    np.testing.assert_array_equal(np.asarray(found)[..., 1], (grey > 99) * 255)
    few = Image.fromarray(pixels // 128 * 255).convert("P")
    np.testing.assert_array_equal(read_image(saved(path, few)), few.convert("RGB"))
    jpeg = saved(tmp_path / "a.jpg", np.full_like(pixels, 77))
    np.testing.assert_allclose(read_image(jpeg), 77, atol=2)


def test_photographs_are_turned_upright(tmp_path, pixels):
    path = saved(tmp_path / "a.png", pixels, orientation=6)
    np.testing.assert_array_equal(read_image(path), pixels)
    x, frames = read_images({"a": path}, (5, 7))
    np.testing.assert_array_equal(x[0], pixels)
    assert frames == [((5, 7), 6)]


def test_other_photographs_are_refused_by_name(tmp_path, pixels):
    real = saved(tmp_path / "real.tif", pixels[..., 0].astype(np.float32))
    wrong(lambda: read_image(real), "real.tif", "mode F; save it as 8-bit")
    wide = saved(tmp_path / "wide.tif", pixels[..., 0].astype(np.int32) - 7 * 10**6)
    wrong(lambda: read_image(wide), "wide.tif: has values from -", "expected 0 to 65535")
    print_ = saved(tmp_path / "print.jpg", pixels, "CMYK")
    wrong(lambda: read_image(print_), "print.jpg", "mode CMYK")
    glass = Image.fromarray(pixels)
    glass.putalpha(254)
    glass = saved(tmp_path / "glass.png", glass)
    wrong(lambda: read_image(glass), "glass.png: has transparent pixels")
    gif = saved(tmp_path / "film.png", pixels, format="GIF")
    wrong(lambda: read_image(gif), "film.png: not a readable PNG, JPEG, TIFF or WebP image")
    wrong(lambda: read_image(tmp_path / "no.png"), "no.png: cannot be read")


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_of_16_bits_the_upper_8_count(tmp_path, capsys, random, name):
    values = random.randint(0, 2**16, (5, 7)).astype(np.uint16)
    for array in (values, Image.frombytes("I;16B", (7, 5), values.astype(">u2").tobytes())):
        for orientation in (None, 6):
            path = saved(tmp_path / name, array, orientation=orientation)
            found = np.asarray(read_image(path))
            np.testing.assert_array_equal(found, np.repeat(values[..., None] >> 8, 3, -1))
    read_images({"a": path}, (5, 7))
    assert capsys.readouterr().err == ""


def test_colours_of_16_bits_are_read(tmp_path, random):
    values = random.randint(0, 2**16, (5, 7, 3)).astype(np.uint16)
    path = tmp_path / "a.png"
    path.write_bytes(deep_colours(values))
    np.testing.assert_array_equal(read_image(path), values >> 8)


def test_images_of_16_bits_that_use_few_of_them_are_named(tmp_path, capsys, random):
    values = random.randint(0, 4096, (5, 7)).astype(np.uint16)
    paths = {
        name: saved(tmp_path / f"{name}.png", values // part) for name, part in (("a", 1), ("b", 2))
    }
    read_images(paths, (5, 7))
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"warning: {paths['a']}: no 16-bit image here has a value above ")
    assert f" {values.max()} of 65535" in line
    paths["c"] = saved(tmp_path / "c.png", values * 16)
    read_images(paths, (5, 7))
    assert capsys.readouterr().err == ""


def test_too_many_images(tmp_path, monkeypatch, pixels):
    monkeypatch.setattr(photographs, "LARGEST_ARRAY", 47)
    paths = {"a": saved(tmp_path / "a.png", pixels)}
    wrong(lambda: read_images(paths, (4, 4)), f"{tmp_path}: 1 images of 4x4 are more than 47")
