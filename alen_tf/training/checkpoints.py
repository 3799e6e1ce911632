"""Checkpoints that are complete, checked by their digests, and kept for a few generations."""

import hashlib
import os
import pathlib
import shutil

import tensorflow as tf

from alen_tf.errors import WorkdirError
from alen_tf.storage import new_folder, read_json, write_json, writing

_DIGESTS = "SHA256SUMS"  # as of the command sha256sum, which can check it


class Checkpoints:
    """The newest generations of a state, each a folder named by its number, such as its step.

    A generation holds TensorFlow's files of all variables, `progress.json` with everything else,
    and the SHA-256 of both. It appears complete or not at all, and the older ones are deleted only
    then.
    """

    def __init__(self, folder, keep=1, **objects):
        """Configures the checkpoints.

        Args:
          folder: where they are kept.
          keep: number of generations.
          objects: objects with variables, by name; see `tf.train.Checkpoint`.
        """
        self.folder = pathlib.Path(folder)
        self._keep = keep
        self._state = tf.train.Checkpoint(**objects)

    def save(self, number, progress=None):
        """Saves a generation, replacing one with the same number.

        Raises:
          WorkdirError: it cannot be written; older generations are still there.
        """
        with writing(self.folder):
            self.folder.mkdir(exist_ok=True)
        with new_folder(self.folder / str(number)) as part:
            self._state.write(str(part / "state"))
            write_json(part / "progress.json", progress or {})
            (part / _DIGESTS).write_text(_digests(part), encoding="utf-8")
        with writing(self.folder):
            for old in self._numbers()[: -self._keep]:
                # Renamed first, so that no half-deleted folder has a generation's name.
                (self.folder / str(old)).rename(self.folder / f".{old}.old")
            for what in ("old", "part"):  # also those of killed saves
                for leftover in self.folder.glob(f".[0-9]*.{what}"):
                    shutil.rmtree(leftover)

    def restore(self):
        """Restores the variables from the newest undamaged generation.

        Returns:
          (its progress, and one line about each damaged newer one); progress is None if there is no
          generation.

        Raises:
          WorkdirError: all generations are damaged.
        """
        problems = []
        for number in reversed(self._numbers()):
            folder = self.folder / str(number)
            try:
                return self._read(folder), problems
            except WorkdirError as error:
                problems.append(str(error))
        if problems:
            raise WorkdirError(
                f"{problems[0]}; there is no older state to go back to: start again with "
                "--restart, which renames the old folder"
            )
        return None, []

    def _read(self, folder):
        check(folder)
        try:
            self._state.read(str(folder / "state")).assert_existing_objects_matched()
        except (tf.errors.OpError, ValueError, AssertionError) as error:
            raise WorkdirError(
                f"{folder} does not fit the model: {str(error).splitlines()[0]}"
            ) from error
        return read_json(folder / "progress.json")

    def verify(self):
        """Checks that there is a generation and that the newest is undamaged; returns its progress.

        Raises:
          WorkdirError: it is damaged, or there is none.
        """
        newest = self.newest()
        if newest is None:
            raise WorkdirError(f"{self.folder} is empty or missing: start again with --restart")
        check(newest)
        return read_json(newest / "progress.json")

    def newest(self):
        """The folder of the newest generation, or None."""
        numbers = self._numbers()
        return self.folder / str(numbers[-1]) if numbers else None

    def _numbers(self):
        if not self.folder.is_dir():
            return []
        return sorted(int(path.name) for path in self.folder.iterdir() if path.name.isdigit())


def check(folder):
    """Checks that a generation's files are unchanged since they were saved.

    Raises:
      WorkdirError: one is missing, truncated or changed.
    """
    try:
        saved, found = (folder / _DIGESTS).read_text(encoding="utf-8"), _digests(folder)
    except (OSError, UnicodeDecodeError) as error:
        raise WorkdirError(f"{folder} is damaged: {error}") from error
    if saved != found:
        changed = set(saved.splitlines()) ^ set(found.splitlines())
        names = sorted({line.split(" ")[-1] for line in changed})
        raise WorkdirError(f"{folder} is damaged: {', '.join(names)} changed after it was saved")


def _digests(folder):
    lines = []
    for name in sorted(os.listdir(folder)):
        if name != _DIGESTS:
            sha256 = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            lines.append(f"{sha256}  {name}\n")
    return "".join(lines)
