"""What a run has made so far, kept in files of its workdir: an interrupted run makes the rest."""

import time

import joblib

from alen_tf.errors import WorkdirError
from alen_tf.storage import new_file

SUFFIX = ".joblib"


class Kept:
    """Makes things once: what an earlier process has made is read.

    Attributes:
      seconds: that the latest thing took to make, in whichever process.
    """

    def __init__(self, workdir, interruption):
        """Stores where things are kept.

        Args:
          workdir: the locked `Workdir`.
          interruption: an `Interruption`, after which nothing more is made.
        """
        self._workdir = workdir
        self._interruption = interruption
        self._read = 0.0  # seconds of what was read
        self.seconds = 0.0

    def __call__(self, name, make):
        """The thing of a name, which `make`, a function without arguments, makes.

        Raises:
          WorkdirError: its file cannot be read or written.
          Interrupted: the interruption came.
        """
        path = self._workdir.latest.parent / (name + SUFFIX)
        if path.exists():
            thing, self.seconds = load(path)
            print(f"resuming {self._workdir.path}: {name} is there")
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
    """A thing, and the seconds that it took to make.

    Raises:
      WorkdirError: the file cannot be read.
    """
    try:
        thing, seconds = joblib.load(path)
    except Exception as error:  # whatever these libraries meet in a damaged file
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise WorkdirError(
            f"{path} is damaged, or of other versions than this one ({reason}); start again with "
            "--restart, which keeps the old folder beside"
        ) from error
    return thing, seconds
