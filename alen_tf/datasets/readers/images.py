"""Image files: photographs, masks and strokes at full size, and what a model sees of them."""

import math
import pathlib
import warnings

import numpy as np
from PIL import Image, ImageOps

from alen_tf.datasets.readers.unnamed import LARGEST_ARRAY
from alen_tf.errors import DataError

PHOTOGRAPHS = (".png", ".jpg", ".jpeg")
MASKS = (".png",)  # JPEG would blur classes into each other
LARGEST_IMAGE = 2**26  # pixels; a few bytes of PNG can name any size
MODES = ("1", "L", "P", "RGB", "LA", "PA", "RGBA")  # of Pillow
DEEP = ("I", "I;16")  # grey of 16 bits: fit for numbers of classes, of unknown range in photographs
UNKNOWN = 255  # the class of a pixel of which nothing is known


def listed(folder, suffixes):
    """The image files of a folder, by name without suffix, in alphabetical order; or a single file.

    Folders in it and hidden files are passed over; a link to nothing is not.

    Raises:
      DataError: the folder cannot be read, has none, has other files, or two of one name.
    """
    folder, files = pathlib.Path(folder).expanduser(), {}
    paths = [folder] if folder.is_file() else entries(folder)
    for path in paths:
        if path.is_dir() or path.name[0] == ".":
            continue
        if path.suffix.lower() not in suffixes:
            raise DataError(f"{path}: not one of {', '.join(suffixes)}")
        if path.stem in files:
            raise DataError(f"{path}: {files[path.stem].name} has the same name")
        files[path.stem] = path
    if not files:
        raise DataError(f"{folder}: no image in it, that is no {', '.join(suffixes)}")
    return files


def entries(folder):
    """What a folder holds, in alphabetical order.

    Raises:
      DataError: it cannot be read.
    """
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise DataError(f"{folder}: cannot be read: {error.strerror}") from error


def read_images(paths, size):
    """What a model sees of image files, and how large they are.

    Args:
      paths: by name, see `listed`.
      size: (height, width) that the model sees; images are stretched to it.

    Returns:
      (uint8 [images, height, width, 3], the (height, width) of each file).

    Raises:
      DataError: see `read_image`; or there are too many.
    """
    shape = (len(paths), *size, 3)
    if math.prod(shape) > LARGEST_ARRAY:
        folder = next(iter(paths.values())).parent
        raise DataError(
            f"{folder}: {len(paths):,} images of {size[0]}x{size[1]} are more than "
            f"{LARGEST_ARRAY:,} numbers"
        )
    x, sizes = np.empty(shape, np.uint8), []
    for row, path in enumerate(paths.values()):
        image = read_image(path)
        x[row] = shrunk(image, size)
        sizes.append(image.size[::-1])
    return x, sizes


def read_image(path):
    """A PNG or JPEG file of 8 bits, grey or in colours, upright, as an RGB image of Pillow.

    Raises:
      DataError: it cannot be read, or is of another kind, too large or transparent.
    """
    image, opaque = _opened(path, ("PNG", "JPEG"), MODES)
    if not opaque.all():
        raise DataError(f"{path}: has transparent pixels; put a background behind them")
    return image.convert("RGB")


def read_mask(path, names):
    """The class of every pixel of a PNG file, uint8 [height, width].

    Its grey values are classes: 0 for the first of `names` and so on, or with a single name 0 and
    1, or 0 and 255, for pixels outside and inside. So are the indices of a palette, if its colours
    are not such greys themselves.

    Raises:
      DataError: the file cannot be read, or a pixel has no such value; the message names it.
    """
    classes = read_strokes(path, names, what="mask")
    if (classes == UNKNOWN).any():
        row, column = np.argwhere(classes == UNKNOWN)[0]
        raise DataError(
            f"{path}: row {row + 1}, column {column + 1} is transparent, "
            "but a mask gives every pixel a class"
        )
    return classes


def read_strokes(path, names, what="strokes"):
    """Like `read_mask`, with `UNKNOWN` where a pixel is not fully opaque."""
    image, opaque = _opened(path, ("PNG",), (*MODES, *DEEP))
    values = np.asarray(image)
    if values.ndim == 3:
        colours = values[..., :-1] if image.mode[-1] == "A" else values
        values = colours[..., 0]
        _check(opaque & (colours != colours[..., :1]).any(axis=-1), colours, path, what, names)
    if image.mode in ("P", "PA"):
        values = _meant(values, opaque, image, names)
    if len(names) == 1:
        inside = 255 if (opaque & (values == 255)).any() else 1
        _check(opaque & (values != 0) & (values != inside), values, path, what, names)
        values = values != 0
    else:
        _check(opaque & (values >= len(names)), values, path, what, names)
    return np.where(opaque, values, UNKNOWN).astype(np.uint8)


def _meant(indices, opaque, image, names):
    """The indices of a palette, or its greys, where all that are seen are classes: programs that
    save few colours put them in any order."""
    palette = np.reshape(image.getpalette("RGB"), (-1, 3))
    if indices.max() >= len(palette):
        return indices
    seen = palette[np.unique(indices[opaque])]
    classes = {0, 1, 255} if len(names) == 1 else set(range(len(names)))
    grey = (seen == seen[:, :1]).all() and classes.issuperset(seen[:, 0].tolist())
    return palette[indices, 0] if grey else indices


def _check(wrong, values, path, what, names):
    """Raises a `DataError` that names the first pixel which is wrong."""
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        value = values[row, column]
        value = f"value {value}" if value.ndim == 0 else f"colour {tuple(map(int, value))}"
        expected = (
            f"0 and 1, or 0 and 255, for {names[0]!r}"
            if len(names) == 1
            else f"one of the {len(names)} classes 0 ({names[0]}) to {len(names) - 1} ({names[-1]})"
        )
        raise DataError(
            f"{path}: row {row + 1}, column {column + 1} of the {what} has the {value}, "
            f"expected {expected}"
        )


def _opened(path, formats, modes):
    """An image file in memory, turned as its EXIF orientation says, and which of its pixels are
    fully opaque, bool [height, width].

    Raises:
      DataError: the file is none of `formats`, damaged, of another mode, or too large; nothing of
        its size is made before that is known.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is refused below
            with Image.open(path, formats=formats) as file:
                problem = _problem(file, modes)
                if not problem:
                    image = ImageOps.exif_transpose(file)
                    return image, _opaque(image)
    except FileNotFoundError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except Exception as error:  # Pillow raises whatever it met
        reason = "" if isinstance(error, Image.UnidentifiedImageError) else f": {error}"
        reason = reason.partition("\n")[0]
        raise DataError(f"{path}: not a readable {' or '.join(formats)} image{reason}") from error
    raise DataError(f"{path}: {problem}")


def _problem(image, modes):
    width, height = image.size
    if width * height > LARGEST_IMAGE:
        return f"{width}x{height} are more than {LARGEST_IMAGE:,} pixels"
    if image.mode not in modes:
        return f"its pixels are of Pillow's mode {image.mode}, expected {', '.join(modes)}"
    return None


def _opaque(image):
    if image.mode[-1] != "A" and "transparency" not in image.info:
        return np.ones(image.size[::-1], bool)
    if image.mode in DEEP:
        return np.asarray(image) != image.info["transparency"]
    return np.asarray(image.convert("RGBA").getchannel("A")) == 255


def check_size(path, classes, image_path, size):
    """Checks that the classes in `path` are those of an image of `size`, (height, width).

    Raises:
      DataError: they are not.
    """
    if classes.shape != size:
        raise DataError(
            f"{path}: {classes.shape[1]}x{classes.shape[0]} pixels, but its image {image_path} has "
            f"{size[1]}x{size[0]}"
        )


def shrunk(image, size):
    """An image as a model sees it: means over areas, uint8 [height, width, 3].

    Args:
      image: RGB image of Pillow.
      size: (height, width).
    """
    return np.asarray(image.resize(size[::-1], Image.Resampling.BOX))


def areas(classes, count, size):
    """The share of each class in the area of each place of a smaller image.

    Args:
      classes: the class of every pixel, uint8 [height, width]; `count` and above are no class.
      count: number of classes.
      size: (height, width) of the smaller image.

    Returns:
      [height, width, count], float32, whose sum is 1 where all pixels have a class.
    """
    parts = [
        Image.fromarray((classes == k).astype(np.float32)).resize(size[::-1], Image.Resampling.BOX)
        for k in range(count)
    ]
    return np.stack([np.asarray(part) for part in parts], axis=-1)


def outputs(classes, names, size):
    """The outputs of a model for a mask: the most frequent class of each place.

    Args:
      classes: see `read_mask`.
      names: of the classes; a single one is inside or outside.
      size: (height, width) of the model's images.

    Returns:
      uint8 in {0, 1}, [height, width, names].
    """
    return _one_hot(areas(classes, max(2, len(names)), size), names)


def known_outputs(classes, names, size):
    """Like `outputs` for strokes, float32: places with no pixel that is known are NaN."""
    found = areas(classes, max(2, len(names)), size)
    known = found.sum(axis=-1, keepdims=True) > 0
    return np.where(known, _one_hot(found, names), np.float32(np.nan))


def _one_hot(found, names):
    rows = np.eye(found.shape[-1], dtype=np.uint8)[found.argmax(axis=-1)]
    return rows[..., -len(names) :]


def enlarged(relaxed, size, threshold=0.5):
    """The class of every pixel of an image at full size, from the outputs of a model.

    Args:
      relaxed: relaxed outputs, [height, width, 1 or classes], enlarged by bilinear interpolation.
      size: (height, width) of the image.
      threshold: of a single output; several are compared with each other.

    Returns:
      uint8 [height, width].
    """
    parts = (
        np.asarray(Image.fromarray(part).resize(size[::-1], Image.Resampling.BILINEAR))
        for part in np.moveaxis(np.asarray(relaxed, np.float32), -1, 0)
    )
    if relaxed.shape[-1] == 1:
        return (next(parts) >= threshold).astype(np.uint8)
    # One class at a time: all of them at the size of a photograph may not fit.
    classes, highest = np.zeros(size, np.uint8), next(parts)
    for number, part in enumerate(parts, start=1):
        classes[part > highest] = number
        highest = np.maximum(part, highest)
    return classes
