"""What every test may rely on: a quiet TensorFlow, an empty gin configuration, fixed seeds."""

import os
import pathlib

# TensorFlow reads these when it is imported. Two threads: the nets of the tests are tiny.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "2")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("MPLBACKEND", "Agg")

import gin
import keras
import numpy as np
import pytest
import tensorflow as tf

# Two devices, before TensorFlow starts, let `tf.distribute` be tested on any machine.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
ROOT = pathlib.Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def fresh_start():
    """No test sees the gin bindings of another one, or depends on its random numbers."""
    gin.clear_config()
    keras.utils.set_random_seed(0)
    yield
    gin.clear_config()


@pytest.fixture(scope="session")
def manual_dir():
    """The manual directory with the benchmarks' files, or None where there is none."""
    named = os.environ.get("ALEN_TF_MANUAL_DIR")
    folder = pathlib.Path(named) if named else ROOT.parent / "shared" / "data"
    if named and not folder.is_dir():
        pytest.fail(f"ALEN_TF_MANUAL_DIR={named} is not a directory")
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def real_data(manual_dir):
    """The manual directory; skips the test where there is none."""
    if manual_dir is None:
        pytest.skip("no benchmark files: set ALEN_TF_MANUAL_DIR, or put them in ../shared/data")
    return manual_dir


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    """Where prepared data sets are kept for the session: preparing one takes seconds."""
    return tmp_path_factory.mktemp("tfds")


@pytest.fixture(scope="session")
def bookmarks_dir(tmp_path_factory):
    """A manual directory with a `bookmarks.arff` of the real one's format, but only 60 rows."""
    words, tags, rows = 2150, 208, 60
    random = np.random.RandomState(0)
    path = tmp_path_factory.mktemp("manual") / "bookmarks" / "bookmarks.arff"
    path.parent.mkdir()
    names = [f"w{i}" for i in range(words)] + [f"TAG_{i}" for i in range(tags)]
    with path.open("w") as file:
        file.write("@relation bookmarks\n\n")
        file.writelines(f"@attribute {name} {{0,1}}\n" for name in names)
        file.write("\n@data\n")
        for _ in range(rows):
            has = np.flatnonzero(random.rand(words) < 0.06)
            has = np.append(has, words + random.choice(tags, 2, replace=False))
            file.write("{" + ",".join(f"{i} 1" for i in np.sort(has)) + "}\n")
    return path.parent.parent


@pytest.fixture
def random():
    return np.random.RandomState(0)


@pytest.fixture
def numeric_gradient():
    """Central differences of a float64 function of one array."""

    def gradient(function, x, step=1e-5):
        x = np.array(x, np.float64)
        slopes = np.zeros_like(x)
        for i in np.ndindex(*x.shape):
            moved = x.copy()
            moved[i] = x[i] + step
            above = function(moved)
            moved[i] = x[i] - step
            slopes[i] = (above - function(moved)) / (2 * step)
        return slopes

    return gradient
