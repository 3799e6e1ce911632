"""Commands as a user runs them, and the one line that a user's mistake gets."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent
# As of a user who has not asked TensorFlow for notes.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}


def run(module, *options, timeout=300):
    """Runs `python -m alen_tf.MODULE OPTIONS` in the repository, for at most `timeout` seconds."""
    command = [sys.executable, "-m", f"alen_tf.{module}", *map(str, options)]
    return subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=timeout
    )


def assert_one_clear_line(done, *parts):
    """A command failed with one line on stderr, which has all `parts`."""
    assert done.returncode == 1
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    for part in parts:
        assert part in lines[0]
