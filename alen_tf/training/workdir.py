"""The folder of one training run: its files, and its lock."""

import contextlib
import itertools
import os
import pathlib

try:
    import fcntl
except ImportError:  # on Windows, where models can train in memory and predict
    fcntl = None

from alen_tf.errors import WorkdirError
from alen_tf.evaluation import model_card
from alen_tf.storage import read_json, write, write_json, writing
from alen_tf.training import provenance


class Workdir:
    """Paths inside a workdir, and its small files.

    `config.gin` is the operative configuration, `provenance.json` records its code and data,
    `checkpoints/latest` holds the states to resume from, `checkpoints/best` the model with the
    highest validation score, `train/` and `eval/` TensorBoard events, `results.json` the result,
    `model.json` describes inputs and outputs of the trained model, and `model_card.md` its scores
    and limits. A running training holds `.lock`.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path).expanduser()
        self.config = self.path / "config.gin"
        self.provenance = self.path / "provenance.json"
        self.latest = self.path / "checkpoints" / "latest"
        self.best = self.path / "checkpoints" / "best"
        self.results = self.path / "results.json"
        self.model = self.path / "model.json"
        self.card = self.path / model_card.NAME
        self._lock = None

    @contextlib.contextmanager
    def locked(self):
        """Creates the folder and locks it against other trainings.

        The lock belongs to the open file, so it disappears with its process, however that ends.

        Raises:
          WorkdirError: another training holds the folder, or it cannot be written, or this system
            has no such locks.
        """
        if fcntl is None:
            raise WorkdirError(
                f"{self.path} cannot be locked: this system has no fcntl; train on Linux or macOS, "
                "or in memory, as ALENClassifier does"
            )
        with writing(self.path):
            self.latest.parent.mkdir(parents=True, exist_ok=True)
            file = (self.path / ".lock").open("a+", encoding="utf-8")
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.seek(0)
                raise WorkdirError(
                    f"{self.path} is in use by another run (process {file.read().strip()}); "
                    "wait until it ends, or choose another --workdir"
                ) from error
            with writing(self.path):
                file.truncate(0)
                file.write(str(os.getpid()))
                file.flush()
            self._lock = os.fstat(file.fileno())
            try:
                yield self
            finally:
                self._lock = None

    def check_held(self):
        """Checks that the path still leads to the folder that `locked` holds.

        Raises:
          WorkdirError: the folder was deleted, moved or replaced.
        """
        with writing(self.path):
            found = (self.path / ".lock").stat()
        if not os.path.samestat(found, self._lock):
            raise WorkdirError(f"{self.path} was replaced by another folder during the training")

    def claim(self, config, made_by):
        """Records what makes the folder, or checks that it was made by the same.

        Args:
          config: the operative configuration.
          made_by: code and data; see `provenance.of`.

        Raises:
          WorkdirError: it was made by a different configuration, code or data, or contains other
            files.
        """
        if not self.config.exists():
            self._check_new()
            # In this order, so that a configuration implies the rest.
            write_json(self.provenance, made_by | {"config": provenance.digest(config)})
            write(self.config, config)
            return
        changed = provenance.difference(self._read_provenance(), made_by)
        if difference := provenance.changed_lines(self.read_config(), config):
            changed = f"a different configuration ({difference})"
        if changed:
            raise WorkdirError(
                f"{self.path} was made with {changed}; resume it with the original, choose "
                "another --workdir, or start again with --restart, which renames the old folder"
            )

    def _check_new(self):
        """Checks that a folder without a configuration contains only what a training leaves that
        was killed before it wrote one, so that no other files are replaced.

        Raises:
          WorkdirError: something else is in it.
        """
        ours = {self.provenance.name, self.latest.parent.name}
        found = [path.name for path in self.path.iterdir() if not path.name.startswith(".")]
        if others := sorted(set(found) - ours):
            raise WorkdirError(
                f"{self.path} is not a workdir: it has {others[0]}, but no {self.config.name}; "
                "choose another --workdir, or pass --restart, which renames the folder"
            )

    def data_difference(self, data):
        """How data, as of `provenance.data`, differs from what the folder was made with, in words;
        empty where it does not."""
        return provenance.changed(self._read_provenance().get("data", {}), data)

    def archive(self):
        """Renames the folder, if it exists, to NAME.1 or the next free number, and prints the new
        name.

        Raises:
          WorkdirError: a training holds the folder, or it cannot be renamed.
        """
        if not self.path.exists():
            return
        if pathlib.Path.cwd().is_relative_to(self.path.resolve()):
            raise WorkdirError(
                f"{self.path} cannot be renamed from inside; run from another folder"
            )
        with self.locked(), writing(self.path):
            for number in itertools.count(1):
                target = self.path.with_name(f"{self.path.name}.{number}")
                if not target.exists():
                    self.path.rename(target)
                    break
        print(f"{self.path}: its old content is now in {target}")

    def read_config(self):
        """The operative configuration.

        Raises:
          WorkdirError: it is missing, or was changed after training wrote it.
        """
        try:
            config = self.config.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", "not UTF-8")
            raise WorkdirError(
                f"{self.path} is not a workdir: {self.config} cannot be read ({reason}); "
                "train with --workdir first"
            ) from error
        if self._read_provenance().get("config") != provenance.digest(config):
            raise WorkdirError(
                f"{self.config} is damaged or was edited after training wrote it; restore the "
                "original, or start again with --restart"
            )
        return config

    def _read_provenance(self):
        if not self.provenance.exists():
            raise WorkdirError(
                f"{self.path} does not record what made it: {self.provenance} is missing; "
                "start again with --restart, which renames the old folder"
            )
        made_by = read_json(self.provenance)
        for part in provenance.PARTS:
            if not isinstance(made_by.get(part, {}), dict):
                raise WorkdirError(f"{self.provenance} is damaged: {part} is not an object")
        return made_by


def default_path(gin_file):
    """Where a run of a gin file leaves its files: runs/digits/alen for gin/digits/alen.gin."""
    parts = gin_file.removesuffix(".gin").replace("\\", "/").split("/")
    return "/".join(["runs", *[part for part in parts if part not in ("", ".", "..")][-2:]])
