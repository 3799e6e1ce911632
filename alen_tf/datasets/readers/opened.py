"""Text files of users, plain or compressed by gzip."""

import contextlib
import gzip
import pathlib
import zlib

from alen_tf.errors import DataError

LONGEST_LINE = 2**24  # characters; a few bytes of a compressed file can expand to any length


def kind(path):
    """The suffix that determines the format: ".csv" for `own.csv` and `own.CSV.gz`."""
    return without_gz(path).suffix.lower()


def without_gz(path):
    """A path without the ".gz" at its end, if there is one."""
    path = pathlib.Path(path)
    return path.with_suffix("") if path.suffix.lower() == ".gz" else path


@contextlib.contextmanager
def opened(path, **options):
    """Opens a file for reading text in UTF-8, with or without a byte order mark.

    Args:
      path: the file; one that ends in ".gz" is decompressed.
      options: of `open`.

    Raises:
      DataError: it cannot be read, is damaged or is not UTF-8, now or inside the block.
    """
    packed = pathlib.Path(path).suffix.lower() == ".gz"
    try:
        with (gzip.open if packed else open)(path, "rt", encoding="utf-8-sig", **options) as file:
            yield file
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path}: cannot be read: {reason}") from error
    except UnicodeDecodeError as error:
        wrong = f"byte {error.object[error.start]:#x}"
        raise DataError(f"{path}: not UTF-8 text ({wrong}): save it as UTF-8") from error


def lines(file, path):
    """The lines of a text file, each at most `LONGEST_LINE` characters long.

    Raises:
      DataError: a line is longer.
    """
    number = 1
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise DataError(f"{path}:{number}: a line has more than {LONGEST_LINE:,} characters")
        yield line
        number += 1
