"""TensorFlow starts quietly, and only under a Keras that computes in it."""

import os
import subprocess
import sys

import pytest

from tests.commands import ENVIRONMENT, ROOT, assert_one_clear_line, run

# Packages that note, as native code does, when they start; the level must be set by then.
TENSORFLOW = """
import gc, os
COLLECTED = gc.isenabled()
os.write(2, b"a note of the import\\n")
LEVEL = os.environ.get("TF_CPP_MIN_LOG_LEVEL")

class config:
    def list_physical_devices(kind):
        os.write(2, b"a note on devices\\n")
"""
KERAS = """
class config:
    def backend():
        return "tensorflow"
"""
START = """
import os, sys
from alen_tf import startup
startup.start()
import tensorflow
print(tensorflow.LEVEL, os.environ.get("TF_CPP_MIN_LOG_LEVEL"))
os.write(2, b"said later\\n")
"""


def python(code, *paths, **variables):
    """Runs code in the repository, as a user who has not asked for notes."""
    environment = {k: v for k, v in ENVIRONMENT.items() if k != "KERAS_BACKEND"} | variables
    environment["PYTHONPATH"] = os.pathsep.join(map(str, [*paths, ROOT]))
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300
    )


@pytest.fixture
def fakes(tmp_path):
    """Writes packages instead of TensorFlow and Keras; returns the folder that they are in."""

    def write(tensorflow=TENSORFLOW, keras=KERAS):
        for name, source in (("tensorflow", tensorflow), ("keras", keras)):
            (tmp_path / name).mkdir()
            (tmp_path / name / "__init__.py").write_text(source)
        return tmp_path

    return write


def test_notes_are_held_back(fakes):
    done = python(START, fakes())
    assert done.returncode == 0, done.stderr
    assert done.stderr == "said later\n"
    assert done.stdout == "2 None\n"  # the environment is as it was


def test_notes_are_shown_to_who_sets_the_level(fakes):
    done = python(START, fakes(), TF_CPP_MIN_LOG_LEVEL="0")
    assert done.stderr == "a note of the import\na note on devices\nsaid later\n"
    assert done.stdout == "0 0\n"


def test_of_a_tensorflow_that_has_started_nothing_is_held(fakes):
    done = python(f"import tensorflow\n{START}", fakes())
    assert done.stderr == "a note of the import\na note on devices\nsaid later\n"
    assert done.stdout == "None None\n"


def test_notes_before_a_failure_are_shown(fakes):
    done = python(START, fakes(TENSORFLOW + "raise ImportError('no library')\n"))
    assert done.returncode == 1
    assert done.stderr.startswith("a note of the import\nTraceback")
    assert done.stderr.endswith("ImportError: no library\n")


@pytest.mark.parametrize("before", ["enable", "disable"])
def test_no_garbage_is_collected_while_it_starts(fakes, before):
    code = f"import gc; gc.{before}()\n{START}print(tensorflow.COLLECTED, gc.isenabled())"
    assert python(code, fakes()).stdout.splitlines()[-1] == f"False {before == 'enable'}"


def test_garbage_is_collected_after_a_failure(fakes):
    code = "import atexit, gc; atexit.register(lambda: print(gc.isenabled()))"
    assert python(code + START, fakes(keras="import no_such_backend")).stdout == "True\n"


@pytest.mark.parametrize(
    ("keras", "reason"),
    [
        (KERAS.replace("tensorflow", "torch"), "Keras's backend is torch"),
        ("import no_such_backend", "Keras cannot be imported (No module named 'no_such_backend')"),
    ],
)
def test_another_backend_of_keras_is_one_clear_line(fakes, keras, reason):
    last = python(START, fakes(keras=keras)).stderr.splitlines()[-1]
    assert last.startswith(f"alen_tf.errors.ConfigError: {reason}; alen_tf needs tensorflow: ")
    assert "KERAS_BACKEND=tensorflow" in last


def test_a_backend_of_the_environment_is_one_clear_line(tmp_path, monkeypatch):
    monkeypatch.setitem(ENVIRONMENT, "KERAS_BACKEND", "jax")
    done = run("train", "--gin_file=gin/digits/alen.gin", f"--workdir={tmp_path / 'run'}")
    assert_one_clear_line(done, "jax", "KERAS_BACKEND=tensorflow")
    for code in ("import alen_tf; alen_tf.ALEN", "from alen_tf import ALENClassifier"):
        last = python(code, KERAS_BACKEND="jax").stderr.splitlines()[-1]
        assert last.startswith("alen_tf.errors.ConfigError: Keras's backend is jax; ")
        assert "KERAS_BACKEND=tensorflow" in last


WITHOUT_FCNTL = """
import sys
sys.modules["fcntl"] = None  # importing it fails, as on Windows
import numpy as np
import alen_tf
from alen_tf import ALENClassifier

for name in alen_tf.__all__:
    getattr(alen_tf, name)
x = np.random.default_rng(0).normal(size=(60, 4))
ALENClassifier(estimator=None, epochs=1, hidden_units=4).fit(x, (x > 0).astype(int)).predict(x)

from alen_tf.errors import WorkdirError
from alen_tf.training.workdir import Workdir
try:
    with Workdir(sys.argv[0]).locked():
        raise AssertionError("nothing holds it")
except WorkdirError as error:
    assert "fcntl" in str(error), error
"""


def test_the_package_is_quiet_and_needs_no_fcntl():
    """A real start: nothing on stdout or stderr, but what somebody prints."""
    done = python(WITHOUT_FCNTL)
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == ("", "")
