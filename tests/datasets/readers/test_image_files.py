import numpy as np
import pytest
from PIL import Image

from alen_tf.datasets.readers.image_files import entries, listed, read_frame, read_image_file
from tests.photographs import STORED, png_header, saved
from tests.raised import wrong


@pytest.fixture
def pixels(random):
    return random.randint(0, 256, (5, 7, 3)).astype(np.uint8)


def test_lists_are_of_images_alone(tmp_path, pixels):
    wrong(lambda: listed(tmp_path / "none"), "none: cannot be read")
    (tmp_path / "a folder.png").mkdir()
    (tmp_path / ".hidden").write_text("")
    wrong(lambda: listed(tmp_path), f"{tmp_path}: contains no image")
    for name in ("b.PNG", "a.webp", "c.tif"):
        saved(tmp_path / name, pixels)
    found = listed(tmp_path)
    assert found == {"a": tmp_path / "a.webp", "b": tmp_path / "b.PNG", "c": tmp_path / "c.tif"}
    assert list(found) == ["a", "b", "c"]
    assert listed(tmp_path / "a.webp") == {"a": tmp_path / "a.webp"}
    saved(tmp_path / "a.jpg", pixels)
    wrong(lambda: listed(tmp_path), "a.webp: a.jpg has the same name")
    (tmp_path / "0.txt").touch()
    wrong(lambda: listed(tmp_path), "0.txt: not one of .png, .jpg")


def test_what_file_managers_leave_is_passed_over(tmp_path, pixels):
    saved(tmp_path / "a.png", pixels)
    for name in ("Thumbs.db", "ehthumbs.db", "Desktop.ini", ".DS_Store", "._a.png", "Icon\r"):
        (tmp_path / name).write_bytes(b"\0")
    (tmp_path / "@eaDir").mkdir()
    assert listed(tmp_path) == {"a": tmp_path / "a.png"}
    assert entries(tmp_path) == [tmp_path / "a.png"]


def test_a_link_to_nothing_is_named(tmp_path):
    (tmp_path / "b.png").symlink_to(tmp_path / "not fetched.png")
    wrong(lambda: read_image_file(listed(tmp_path)["b"]), "b.png: cannot be read: No such file")


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.webp"])
def test_files_are_turned_upright(tmp_path, pixels, name):
    for orientation in STORED:
        path = saved(tmp_path / name, pixels, orientation=orientation)
        file = read_image_file(path)
        assert file.orientation == orientation
        assert file.image.size == (7, 5)
        if name in ("a.png", "a.tif"):
            np.testing.assert_array_equal(file.image, pixels)
        assert read_frame(path) == ((5, 7), orientation)
    for options in ({}, {"exif": exif_of(1)}, {"exif": exif_of(9)}):
        path = saved(tmp_path / name, pixels, **options)
        assert read_frame(path) == ((5, 7), 1)
        assert read_image_file(path).image.size == (7, 5)


def exif_of(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


@pytest.mark.parametrize(
    ("name", "options", "lossy"),
    [
        ("a.png", {}, False),
        ("a.jpg", {}, True),
        ("a.tif", {}, False),
        ("a.tif", {"compression": "tiff_lzw"}, False),
        ("a.tif", {"compression": "jpeg"}, True),
        ("a.webp", {}, True),
        ("a.webp", {"lossless": True}, False),
        ("a.webp", {"exif": exif_of(1)}, True),  # chunks before that of the colours
        ("a.webp", {"lossless": True, "exif": exif_of(1)}, False),
    ],
)
def test_what_changes_values_is_known(tmp_path, random, name, options, lossy):
    noise = random.randint(0, 256, (16, 16, 3)).astype(np.uint8)
    file = read_image_file(saved(tmp_path / name, noise, **options))
    assert file.lossy == lossy
    assert np.array_equal(file.image, noise) != lossy


def test_several_pages_are_refused(tmp_path, pixels):
    page = Image.fromarray(255 - pixels)
    for name in ("a.tif", "a.webp"):
        path = saved(tmp_path / name, pixels, save_all=True, append_images=[page, page.rotate(180)])
        wrong(lambda path=path: read_image_file(path), f"{name}: has 3 pages")
    path = tmp_path / "camera.jpg"  # of several pictures
    saved(path, pixels, format="MPO", save_all=True, append_images=[page])
    with Image.open(path) as file:
        assert file.n_frames == 2
    assert abs(np.asarray(read_image_file(path).image, int) - pixels).mean() < 60


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.webp"])
def test_damaged_files_are_refused_by_name(tmp_path, pixels, name):
    content = saved(tmp_path / name, np.tile(pixels, (20, 20, 1))).read_bytes()
    for length in (0, 10, len(content) // 2):
        (tmp_path / name).write_bytes(content[:length])
        wrong(lambda: read_image_file(tmp_path / name), f"{name}: not a readable PNG, JPEG, TIFF")


@pytest.mark.parametrize("size", [(8193, 8192), (10_000, 10_000), (2**31 - 1, 2**31 - 1)])
def test_the_size_is_known_before_there_is_memory_for_it(tmp_path, size):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(*size))
    wrong(lambda: read_image_file(path), "bomb.png", "pixels")
