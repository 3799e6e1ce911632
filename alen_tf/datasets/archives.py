"""Archives of images, read into memory member by member and never unpacked."""

import io
import pathlib
import tarfile
import warnings

from PIL import Image

from alen_tf.errors import DataError

FORMATS = ("JPEG", "PNG", "PPM")
# Limits in bytes, on one member and on all: a small gzip file can expand to any size.
LARGEST_MEMBER = 2**24
LARGEST_ARCHIVE = 2**31


class Archive:
    """The files in a gzipped tar file, by their names without folders.

    Nothing is written, wherever names point, and links are ignored.
    """

    def __init__(self, path):
        """Reads the archive.

        Raises:
          DataError: it cannot be read, or is too large.
        """
        self.path = path
        self._contents = {}
        left = LARGEST_ARCHIVE
        try:
            with tarfile.open(path, "r:gz", tarinfo=_Member) as archive:
                for member in archive:
                    _check_size(member)  # an extended header may have changed it
                    left -= member.size
                    if left < 0:
                        raise ValueError(f"it holds more than {LARGEST_ARCHIVE:,} bytes")
                    if member.isfile():
                        name = pathlib.PurePosixPath(member.name).name
                        self._contents[name] = archive.extractfile(member).read()
        except Exception as error:  # tarfile raises many kinds of errors
            raise DataError(f"{path}: cannot be read: {error}; get the file again") from error

    def read(self, name):
        """The bytes of a member.

        Raises:
          DataError: the archive has no such member.
        """
        try:
            return self._contents[name]
        except KeyError:
            raise DataError(f"{self.path}: contains no {name}") from None

    def image(self, name, size):
        """A member as an RGB image of this (width, height).

        Raises:
          DataError: it is missing or damaged, is not a JPEG, PNG or PPM file, or has another size.
        """
        content = self.read(name)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about images that are rejected below
                image = Image.open(io.BytesIO(content), formats=FORMATS)
                if image.size == size:  # known before memory is allocated
                    return image.convert("RGB")
        except Exception as error:  # Pillow raises many kinds of errors
            reason = "" if isinstance(error, Image.UnidentifiedImageError) else f": {error}"
            expected = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]} image"
            raise DataError(f"{self.path}: {name}: not a {expected}{reason}") from error
        found, expected = ("x".join(map(str, pair)) for pair in (image.size, size))
        raise DataError(f"{self.path}: {name}: size {found}, expected {expected}")


class _Member(tarfile.TarInfo):
    """A header whose size is checked before its content is read."""

    @classmethod
    def frombuf(cls, buf, encoding, errors):
        return _check_size(super().frombuf(buf, encoding, errors))


def _check_size(member):
    if not 0 <= member.size <= LARGEST_MEMBER:
        raise ValueError(f"{member.name!r} has {member.size:,} bytes, more than {LARGEST_MEMBER:,}")
    return member
