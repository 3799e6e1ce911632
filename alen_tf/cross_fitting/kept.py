"""What a run has fitted so far, kept in files of its workdir, so that a resumed run fits only the
rest."""

import time

import joblib

from alen_tf.errors import WorkdirError
from alen_tf.storage import new_file

SUFFIX = ".joblib"


class Kept:
    """Makes each thing once: whatever an earlier process made is loaded.

    Attributes:
      seconds: that the latest thing took to make, in any process.
    """

    def __init__(self, workdir, interruption):
        """Stores where things are kept.

        Args:
          workdir: the locked `Workdir`.
          interruption: an `Interruption`, after which nothing else is made.
        """
        self._workdir = workdir
        self._interruption = interruption
        self._read = 0.0  # seconds of whatever was loaded
        self.seconds = 0.0

    def __call__(self, name, make):
        """Returns the thing with this name; `make`, a function without arguments, makes it.

        Raises:
          WorkdirError: its file cannot be read or written.
          Interrupted: the run was interrupted.
        """
        path = self._workdir.latest.parent / (name + SUFFIX)
        if path.exists():
            thing, self.seconds = load(path)
            print(f"resuming {self._workdir.path}: {name} is done")
            self._read += self.seconds
            return thing
        self._stop_if_asked(f"before {name}")
        start, before = time.monotonic(), self._read
        thing = make()
        self.seconds = time.monotonic() - start + self._read - before
        self._workdir.check_held()
        with new_file(path) as part:
            joblib.dump((thing, self.seconds), part, compress=1)
        self._stop_if_asked(f"after {name}")
        return thing

    def forget_all_but(self, name):
        """Deletes the other files."""
        for path in self._workdir.latest.parent.glob("*" + SUFFIX):
            if path.name != name + SUFFIX:
                path.unlink()

    def _stop_if_asked(self, when):
        if self._interruption:
            raise self._interruption.error(
                f"{self._workdir.path} is saved {when}; the same command resumes"
            )


def load(path):
    """Loads a thing, and the seconds that it took to make.

    Raises:
      WorkdirError: the file cannot be read.
    """
    try:
        thing, seconds = joblib.load(path)
    except Exception as error:  # any error that these libraries raise on a damaged file
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise WorkdirError(
            f"{path} is damaged, or was saved by other versions ({reason}); start again with "
            "--restart, which renames the old folder"
        ) from error
    return thing, seconds
