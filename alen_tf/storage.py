"""Files that appear complete or not at all, and JSON in them."""

import contextlib
import json
import os
import shutil

import tensorflow as tf

from alen_tf.errors import WorkdirError


@contextlib.contextmanager
def writing(path):
    """Turns errors of the operating system and of TensorFlow into one that names `path`.

    Raises:
      WorkdirError: the block failed to write.
    """
    try:
        yield
    except (OSError, tf.errors.OpError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        reason = reason.partition(" [Op:")[0].rpartition("; ")[2]  # for TensorFlow, the C++ message
        raise WorkdirError(f"{path}: cannot be written: {reason}") from error


def write(path, content):
    """Writes text or bytes to `path`, which appears complete or not at all.

    Raises:
      WorkdirError: it cannot be written; what was there before still is.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}")
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        with writing(path):
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


@contextlib.contextmanager
def new_file(path):
    """Yields the name of a hidden file that becomes `path` at the end of the block, complete or not
    at all, for code that writes files itself.

    Raises:
      WorkdirError: it cannot be written; what was there before still is.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with writing(path):
            yield part
            _sync(part)
            part.replace(path)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


@contextlib.contextmanager
def new_folder(path):
    """Yields a hidden folder that becomes `path` at the end of the block, complete or not at all.

    An existing folder at `path` is replaced.

    Raises:
      WorkdirError: it cannot be written; what was there before still is.
    """
    part, old = (path.with_name(f".{path.name}.{what}") for what in ("part", "old"))
    try:
        with writing(path):
            for leftover in (part, old):
                shutil.rmtree(leftover, ignore_errors=True)
            part.mkdir()
            yield part
            for file in part.iterdir():
                _sync(file)
            if path.exists():
                path.rename(old)
            part.rename(path)
            _sync(path.parent)
    finally:
        for leftover in (part, old):
            shutil.rmtree(leftover, ignore_errors=True)


def check_absent(path):
    """Checks that `path` does not exist yet.

    Raises:
      WorkdirError: it exists.
    """
    if path.exists():
        raise WorkdirError(f"{path} exists already: choose another folder, or delete it")


@contextlib.contextmanager
def first_folder(path):
    """`new_folder` for a path that a user names: an existing file or folder is not replaced.

    Raises:
      WorkdirError: it exists, or cannot be written.
    """
    check_absent(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with new_folder(path) as part:
        yield part


def _sync(path):
    """Waits until a file or a folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path, content):
    """Writes an object as indented JSON, complete or not at all; see `write`."""
    write(path, json.dumps(content, indent=2) + "\n")


def read_json(path):
    """Reads an object that `write_json` wrote.

    Raises:
      WorkdirError: it cannot be read, or is damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WorkdirError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise WorkdirError(f"{path} is damaged: {error}") from error
    if not isinstance(content, dict):
        raise WorkdirError(f"{path} is damaged: a JSON object was expected")
    return content
