"""The folder of one training run: which file is what, and writing them whole or not at all."""

import difflib
import json
import os
import pathlib

from alen_tf.errors import WorkdirError


class Workdir:
    """Paths inside a workdir, and its small files.

    `config.gin` is the operative configuration, `checkpoints/latest` the state to resume from,
    `checkpoints/best` the model with the highest validation score, `train/` and `eval/` TensorBoard
    events, `results.json` the result, `model.json` what the trained model takes and gives.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path).expanduser()
        self.config = self.path / "config.gin"
        self.latest = self.path / "checkpoints" / "latest"
        self.best = self.path / "checkpoints" / "best"
        self.results = self.path / "results.json"
        self.model = self.path / "model.json"

    def claim(self, config):
        """Makes the workdir and keeps `config` in it, or checks that the one it holds is the same.

        Raises:
          WorkdirError: it cannot be written, or was made by another configuration.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if not self.config.exists():
                return write(self.config, config)
            existing = self.config.read_text(encoding="utf-8")
        except OSError as error:
            raise WorkdirError(
                f"{self.path}: cannot be used as a workdir: {error.strerror}"
            ) from error
        if existing != config:
            raise WorkdirError(
                f"{self.path} was made by another configuration ({_difference(existing, config)}); "
                "use another --workdir, or the same gin files and parameters to resume it"
            )

    def read_config(self):
        """The operative configuration.

        Raises:
          WorkdirError: there is none.
        """
        try:
            return self.config.read_text(encoding="utf-8")
        except OSError as error:
            raise WorkdirError(
                f"{self.path} is not a workdir: {self.config} cannot be read ({error.strerror}); "
                "train with --workdir first"
            ) from error


def write(path, content):
    """Writes text or bytes to `path`, which appears complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    data = content.encode("utf-8") if isinstance(content, str) else content
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def write_json(path, content):
    """Writes an object as indented JSON, complete or not at all."""
    write(path, json.dumps(content, indent=2) + "\n")


def _difference(old, new):
    """The first changed lines of a configuration, on one line."""
    changes = [
        line[0] + " " + line[1:].strip()
        for line in difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0)
        if line[0] in "+-"
        and line[:3] not in ("+++", "---")
        and line[1:].strip()
        and line[1] != "#"
    ]
    shown = "; ".join(changes[:4])
    return f"{shown}; and {len(changes) - 4} more" if len(changes) > 4 else shown
