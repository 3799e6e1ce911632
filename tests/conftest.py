"""What every test may rely on: a quiet TensorFlow, an empty gin configuration, fixed seeds."""

import gc
import io
import os
import pathlib

# TensorFlow reads these when it is imported. Two threads: the nets of the tests are tiny.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "2")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("MPLBACKEND", "Agg")

from alen_tf import startup

startup.start()

import gin
import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.archives import write_tar

gc.freeze()  # what is imported stays: no search for garbage need look at it

# Two devices, before TensorFlow starts, let `tf.distribute` be tested on any machine.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
ROOT = pathlib.Path(__file__).parent.parent


def pytest_addoption(parser):
    parser.addoption("--faults", help="File for the record of what tests in reliability/ tried.")


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
def write_bookmarks(tmp_path_factory):
    """Writes a `bookmarks.arff` of the real one's format; returns the manual directory.

    Every document has one of 30 topics, which draws its about 128 words and 2 tags.
    """

    def write(rows, words=2150, tags=208, topics=30):
        random = np.random.default_rng(0)
        of_words = 0.8 * random.dirichlet(np.full(words, 0.05), topics) + 0.2 / words
        of_tags = random.dirichlet(np.full(tags, 0.05), topics)
        path = tmp_path_factory.mktemp("manual") / "bookmarks" / "bookmarks.arff"
        path.parent.mkdir()
        names = [f"w{i}" for i in range(words)] + [f"TAG_{i}" for i in range(tags)]
        with path.open("w") as file:
            file.write("@relation bookmarks\n\n")
            file.writelines(f"@attribute {name} {{0,1}}\n" for name in names)
            file.write("\n@data\n")
            for topic in random.integers(topics, size=rows):
                has = random.choice(words, 1 + random.poisson(190), p=of_words[topic])
                tagged = random.choice(tags, 1 + random.poisson(1.3), p=of_tags[topic])
                columns = np.unique(np.append(has, words + tagged))
                file.write("{" + ",".join(f"{i} 1" for i in columns) + "}\n")
        return path.parent.parent

    return write


@pytest.fixture(scope="session")
def bookmarks_dir(write_bookmarks):
    """A manual directory with a `bookmarks.arff` of only 60 rows."""
    return write_bookmarks(60)


@pytest.fixture(scope="session")
def horses_dir(tmp_path_factory):
    """A manual directory with a `weizmann_horses/` of the real one's format, but 14 images: a
    bright blob on dark ground is the horse."""
    random = np.random.RandomState(0)
    folder = tmp_path_factory.mktemp("manual") / "weizmann_horses"
    folder.mkdir()
    rows, columns = np.mgrid[:32, :32]
    centres, radii = random.uniform(10, 22, (14, 2, 1, 1)), random.uniform(5, 9, (14, 2, 1, 1))
    masks = ((rows - centres[:, 0]) / radii[:, 0]) ** 2 + (
        (columns - centres[:, 1]) / radii[:, 1]
    ) ** 2 < 1
    noise = random.randint(0, 60, (14, 32, 32, 3))
    images = noise + masks[..., None] * random.randint(100, 180, (14, 1, 1, 3))
    np.savez(
        folder / "weizmann_horses_32x32.npz",
        images=images.astype(np.uint8),
        masks=masks.astype(np.uint8),
    )
    for name, indices in (("train", range(8)), ("val", range(8, 11)), ("test", range(11, 14))):
        (folder / f"{name}.txt").write_text("".join(f"{i}\n" for i in indices))
    return folder.parent


@pytest.fixture(scope="session")
def faces_dir(tmp_path_factory):
    """A manual directory with a `lfw_parts/` of the real one's format, but 6 faces: a green face
    under red hair before blue. Superpixels are squares of 10x10 pixels."""
    random = np.random.RandomState(0)
    folder = tmp_path_factory.mktemp("manual") / "lfw_parts"
    folder.mkdir()
    names = [("Ann_Other", str(i)) if i % 2 else ("Jo", f"{i:04d}") for i in range(6)]
    rows, columns = np.mgrid[:250, :250]
    squares = "\n".join(" ".join(map(str, row)) for row in rows // 10 * 25 + columns // 10)
    images, masks, superpixels = {}, {}, {}
    for person, number in names:
        top, left = random.randint(60, 100, 2)
        inside = (np.abs(columns - left - 40) < 50) & (rows > top)
        classes = np.where(inside, np.where(rows < top + 50, 2, 1), 0)
        colours = np.array([(0, 0, 255), (0, 255, 0), (255, 0, 0)], np.uint8)
        name = f"{person}_{int(number):04d}"
        image = random.randint(0, 40, (250, 250, 3)) + 80 * classes[..., None]
        images[f"lfw_funneled/{person}/{name}.jpg"] = encoded(image, "JPEG")
        masks[f"parts_lfw_funneled_gt_images/{name}.ppm"] = encoded(colours[classes], "PPM")
        superpixels[f"parts_lfw_funneled_superpixels_mat/{name}.dat"] = squares.encode()
    write_tar(folder / "lfw-funneled.tgz", images)
    write_tar(folder / "parts_lfw_funneled_gt_images.tgz", masks)
    write_tar(folder / "parts_lfw_funneled_superpixels_mat.tgz", superpixels)
    for k, split in enumerate(("train", "validation", "test")):
        lines = [f"{person} {number}\n" for person, number in names[2 * k : 2 * k + 2]]
        (folder / f"parts_{split}.txt").write_text("".join(lines))
    return folder.parent


def encoded(image, kind):
    """The bytes of an image file."""
    file = io.BytesIO()
    Image.fromarray(image.astype(np.uint8)).save(file, kind)
    return file.getvalue()


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
