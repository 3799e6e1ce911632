"""Image files: those in a folder, and the checks before one is opened."""

import pathlib
import struct
import warnings
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps
from PIL.ExifTags import Base

from alen_tf.errors import DataError

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp")
FORMATS = ("PNG", "JPEG", "TIFF", "WEBP")  # of Pillow
LARGEST_IMAGE = 2**26  # pixels; a few bytes of PNG can claim any size
MODES = ("1", "L", "P", "RGB", "LA", "PA", "RGBA")  # of Pillow, 8 bits
DEEP = ("I;16", "I;16L", "I;16B", "I")  # grey of more bits
LOSSY_TIFF = ("jpeg", "tiff_jpeg", "webp")
# Files that file managers leave in folders; hidden files are ignored by name.
LEFTOVERS = ("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "@eadir", "__macosx")


class ImageFile(NamedTuple):
    """An image file in memory.

    Attributes:
      image: of Pillow, turned upright according to EXIF.
      opaque: which of its pixels are fully opaque, bool [height, width].
      orientation: of EXIF, 1 to 8; 1 for upright pixels.
      lossy: whether its compression changes values.
      cut: whether its colours had 16 bits, of which Pillow keeps only the upper 8.
    """

    image: Image.Image
    opaque: np.ndarray
    orientation: int
    lossy: bool
    cut: bool


class Frame(NamedTuple):
    """Size and orientation of an image file.

    Attributes:
      size: (height, width), upright.
      orientation: of EXIF, 1 to 8; 1 for upright pixels.
    """

    size: tuple[int, int]
    orientation: int


def listed(folder):
    """The image files of a folder, by name without suffix, in alphabetical order; or a single file.

    Subfolders, hidden files and those of file managers are ignored; a broken link is not.

    Raises:
      DataError: the folder cannot be read, contains no image or other files, or two files share a
        name.
    """
    folder, files = pathlib.Path(folder).expanduser(), {}
    paths = [folder] if folder.is_file() else entries(folder)
    for path in paths:
        if path.is_dir():
            continue
        if path.suffix.lower() not in SUFFIXES:
            raise DataError(f"{path}: not one of {', '.join(SUFFIXES)}")
        if path.stem in files:
            raise DataError(f"{path}: {files[path.stem].name} has the same name")
        files[path.stem] = path
    if not files:
        raise DataError(f"{folder}: contains no image ({', '.join(SUFFIXES)})")
    return files


def entries(folder):
    """The entries of a folder in alphabetical order, without hidden files and those of file
    managers.

    Raises:
      DataError: it cannot be read.
    """
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise DataError(f"{folder}: cannot be read: {error.strerror}") from error
    return [path for path in paths if path.name[0] != "." and path.name.lower() not in LEFTOVERS]


def read_image_file(path):
    """The `ImageFile` at `path`.

    Raises:
      DataError: the file has a format that is not in `FORMATS`, is damaged, has another mode, or is
        too large; this is checked before memory is allocated.
    """

    def whole(file):
        lossy, cut = _is_lossy(file, path), file.mode in MODES and ";16" in str(file.tile)
        orientation = _orientation(file)
        image = ImageOps.exif_transpose(file)
        return ImageFile(image, _opaque(image), orientation, lossy, cut)

    return _opened(path, whole)


def read_frame(path):
    """The `Frame` of an image file. Its pixels are not read if the header is sufficient.

    Raises:
      DataError: see `read_image_file`.
    """

    def frame(file):
        size, orientation = file.size[::-1], _orientation(file)
        # Pillow gives TIFF files their upright size.
        turned = orientation >= 5 and file.format != "TIFF"
        return Frame(size[::-1] if turned else size, orientation)

    return _opened(path, frame)


def _opened(path, use):
    """`use(file)` for an image file of Pillow."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about images that are rejected below
            # Given a path, Pillow memory-maps rotated grey TIFF files with the wrong size.
            with open(path, "rb") as source, Image.open(source, formats=FORMATS) as file:
                problem = _problem(file)
                if not problem:
                    return use(file)
    except FileNotFoundError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except Exception as error:  # Pillow raises many kinds of errors
        reason = "" if isinstance(error, Image.UnidentifiedImageError) else f": {error}"
        reason = reason.partition("\n")[0]
        raise DataError(f"{path}: not a readable PNG, JPEG, TIFF or WebP image{reason}") from error
    raise DataError(f"{path}: {problem}")


def _problem(file):
    width, height = file.size
    if width * height > LARGEST_IMAGE:
        return f"{width}x{height} are more than {LARGEST_IMAGE:,} pixels"
    if file.mode not in (*MODES, *DEEP):
        return (
            f"its pixels are of Pillow's mode {file.mode}; save it as 8-bit or 16-bit grey or RGB"
        )
    # In cameras' files with several pictures (MPO), the first is the photograph.
    if file.format in ("TIFF", "WEBP") and getattr(file, "n_frames", 1) > 1:
        return f"has {file.n_frames} pages, expected a single image"
    return None


def _orientation(file):
    """The orientation in EXIF, read before loading, because loading turns TIFF files."""
    found = file.getexif().get(Base.Orientation, 1)
    return found if found in range(1, 9) else 1


def _is_lossy(file, path):
    if file.format == "WEBP":
        return _webp_codec(path) != b"VP8L"
    if file.format == "TIFF":
        return file.info.get("compression") in LOSSY_TIFF
    return file.format != "PNG"


def _webp_codec(path):
    """The name of the first chunk of a WebP file that holds colours, which Pillow does not
    report."""
    with open(path, "rb") as file:
        file.seek(12)
        while len(header := file.read(8)) == 8:
            name, length = struct.unpack("<4sI", header)
            if name in (b"VP8 ", b"VP8L"):
                return name
            file.seek(length + length % 2, 1)
    return None


def _opaque(image):
    if image.mode[-1] != "A" and "transparency" not in image.info:
        return np.ones(image.size[::-1], bool)
    if image.mode in DEEP:
        return np.asarray(image) != image.info["transparency"]
    return np.asarray(image.convert("RGBA").getchannel("A")) == 255
