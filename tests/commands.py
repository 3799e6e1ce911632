"""Commands as a user runs them, and the one line that a user's mistake gets."""

import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent
# As of a user who has not asked TensorFlow for notes.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}


def run(module, *options, timeout=300, start=None):
    """Runs `python -m alen_tf.MODULE OPTIONS` in the repository, for at most `timeout` seconds; or
    what `start` has in place of `-m alen_tf.MODULE`, such as `quick`."""
    command = [sys.executable, *(start or ["-m", f"alen_tf.{module}"]), *map(str, options)]
    return subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=timeout
    )


# A command whose networks and energies of cross-fitting learn in few steps.
QUICKLY = """
import runpy
from alen_tf.cross_fitting import network, refined
network.STEPS = refined.STEPS = (20, 40)
runpy.run_module("alen_tf.{module}", run_name="__main__", alter_sys=True)
"""


def quick(module):
    """What Python runs `alen_tf.MODULE` by, cross-fitting in few steps."""
    return ["-c", QUICKLY.format(module=module)]


def execute(commands, folder, *params):
    """Runs lines of commands in a folder; trainings have `params`, and cross-fit in few steps."""
    environment = ENVIRONMENT | {"PYTHONPATH": str(ROOT)}
    for line in commands.splitlines():
        _, m, module, *options = shlex.split(line)
        start = [m, module]
        if module == "alen_tf.train":
            start = quick("train")
            options += [f"--gin_param={param}" for param in params]
        subprocess.run([sys.executable, *start, *options], cwd=folder, env=environment, check=True)


def assert_one_clear_line(done, *parts):
    """A command failed with one line on stderr, which has all `parts`."""
    assert done.returncode == 1
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    for part in parts:
        assert part in lines[0]
