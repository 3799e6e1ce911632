"""Trainings in processes of their own, to be disturbed; and the record of how often they were."""

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import time
from typing import NamedTuple

import gin
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import dump_svmlight_file

from alen_tf.datasets import shard_writer
from alen_tf.errors import Interrupted
from alen_tf.training import config, trainer
from tests import events
from tests.commands import ENVIRONMENT, ROOT
from tests.stopped import Stop


class Training(NamedTuple):
    """What is trained: a gin file, bindings that make it small, and further options."""

    gin_file: str
    params: tuple[str, ...]
    options: tuple[str, ...] = ()


def some_slow(*values):
    """Parameters of a test, of which the first runs by default."""
    return [values[0], *(pytest.param(value, marks=pytest.mark.slow) for value in values[1:])]


EPOCHS = 8
DIGITS = Training(
    "gin/digits/alen.gin",
    (
        f"train.epochs = {EPOCHS}",
        "train.batch_size = 90",
        "train.average = True",
        "MLP.hidden_units = 8",
        "MLPEnergy.hidden_units = 8",
        "MLPEnergy.global_units = 4",
    ),
)


def horses(folder):
    """Segmentation with augmentation, of random masks that shine through random images."""
    random, data = np.random.RandomState(0), folder / "weizmann_horses"
    data.mkdir()
    masks = (random.rand(48, 4, 4) < 0.5).repeat(8, 1).repeat(8, 2).astype(np.uint8)
    images = 120 * masks[..., None] + random.randint(0, 100, (48, 32, 32, 3), np.uint8)
    np.savez(data / "weizmann_horses_32x32.npz", images=images.astype(np.uint8), masks=masks)
    for name, rows in (("train", range(32)), ("val", range(32, 40)), ("test", range(40, 48))):
        (data / f"{name}.txt").write_text("\n".join(map(str, rows)))
    params = (
        "train.epochs = 5",
        "train.evaluate_every = 1",
        "UNet.filters = (2, 4)",
        "UNetEnergy.filters = (2, 4)",
        "UNetEnergy.context_filters = (2, 4)",
        "UNetEnergy.groups = 2",
        "training/GradientAscent.steps = 1",
        "prediction/GradientAscent.steps = 2",
    )
    return Training("gin/weizmann_horses/alen_unet.gin", params, (f"--manual_dir={folder}",))


def sharded(folder):
    """Label sets, from shards that are read while the model trains."""
    random, path = np.random.RandomState(0), folder / "rows.svm"
    x = np.float64(random.rand(2100, 40) < 0.1)
    y = np.int64(x[:, :5] + x[:, 5:10] > 0)
    dump_svmlight_file(x, y, str(path), multilabel=True, zero_based=False)
    shard_writer.write([path], folder / "shards", held_out=50, rows_per_file=300)
    params = (
        f"shards.folder = '{folder / 'shards'}'",
        "train.epochs = 6",
        "train.batch_size = 10",
        "MLP.hidden_units = 8",
        "MLPEnergy.hidden_units = 8",
    )
    return Training("gin/own/sharded.gin", params)


class Disturbed:
    """A workdir, and the training command on it."""

    def __init__(self, workdir, training=DIGITS, *options):
        self.workdir = workdir
        params = [f"--gin_param={param}" for param in training.params]
        self.command = [sys.executable, "-m", "alen_tf.train", f"--gin_file={training.gin_file}"]
        self.command += [*params, *training.options, *options, f"--workdir={workdir}"]
        self.running = []

    def start(self, *options, **settings):
        """The command, running; `settings` are those of `subprocess.Popen`."""
        process = subprocess.Popen(
            [*self.command, *options],
            cwd=ROOT,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **settings,
        )
        self.running.append(process)
        return process

    def run(self, *options, status=0, **settings):
        """(what the command printed, what it said on stderr), once it has ended with `status`."""
        return self.end(self.start(*options, **settings), status)

    def end(self, process, status=0):
        """Like `run`, for a command that was started before."""
        printed, said = process.communicate(timeout=1200)
        self.running.remove(process)
        assert process.returncode == status, said
        return printed, said

    def kill(self, process):
        """Ends the command with SIGKILL; whether it was still running."""
        alive = process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.running.remove(process)
        return alive

    def wait_for(self, process, happened, seconds=500):
        """Waits until `happened()` is true, or the process has ended; whether it is running."""
        deadline = time.monotonic() + seconds
        while process.poll() is None and not happened():
            assert time.monotonic() < deadline, f"{process.pid} neither does it nor ends"
            time.sleep(0.002)
        return process.poll() is None

    def steps(self):
        """The numbers of the saved states."""
        folder = self.workdir / "checkpoints" / "latest"
        return sorted(int(path.name) for path in folder.glob("[0-9]*"))

    def unfinished(self):
        """The states whose saving has begun but not ended, with the time of their last change."""
        found = set()
        for path in (self.workdir / "checkpoints" / "latest").glob(".*.part"):
            with contextlib.suppress(FileNotFoundError):
                found.add((path.name, path.stat().st_ctime_ns))
        return found


def one_line(said):
    lines = said.strip().splitlines()
    assert len(lines) == 1, said
    assert lines[0].startswith("error: ")
    return lines[0]


@pytest.fixture
def disturbed(tmp_path):
    """Makes a `Disturbed` in a new workdir; no process outlives the test."""
    made = []

    def make(workdir=None, *arguments):
        made.append(Disturbed(workdir or tmp_path / f"run{len(made)}", *arguments))
        return made[-1]

    yield make
    for run in made:
        for process in list(run.running):
            run.kill(process)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """The workdir of a training that nothing has disturbed, by training."""
    made = {}

    def train(training=DIGITS):
        if training not in made:
            made[training] = tmp_path_factory.mktemp("undisturbed") / "run"
            Disturbed(made[training], training).run()
        return made[training]

    return train


def train_here(workdir, interruption=None, training=DIGITS, **kwargs):
    """The training in this process, without the command around it."""
    gin.clear_config()
    config.parse([training.gin_file], training.params)
    return trainer.train(workdir, None, None, interruption, **kwargs)


@pytest.fixture(scope="session")
def half_session(tmp_path_factory):
    workdir = tmp_path_factory.mktemp("half") / "run"
    with pytest.raises(Interrupted):
        train_here(workdir, Stop(2 * EPOCHS // 3))
    return workdir


@pytest.fixture
def half(half_session, tmp_path):
    """A workdir that was left after some epochs, to be damaged."""
    return shutil.copytree(half_session, tmp_path / "half")


def content(folder):
    """The bytes of every file, by path."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def result(workdir, seen=True):
    """All that a training leaves that does not tell the time: what must not depend on faults.

    Without `seen`, all but TensorBoard's curves.
    """
    found = {"curves": curves(workdir)} if seen else {}
    for path in workdir.rglob("*.png"):
        found[path.name] = path.read_bytes()
    for name in ("config.gin", "provenance.json", "model.json"):
        found[name] = (workdir / name).read_text()
    results = json.loads((workdir / "results.json").read_text())
    times = ("train_seconds", "examples_per_second", "command")
    found["results.json"] = {k: v for k, v in results.items() if k not in times}
    for kind in ("latest", "best"):
        folder = max((workdir / "checkpoints" / kind).iterdir(), key=lambda path: int(path.name))
        found[kind] = int(folder.name), weights(folder)
        progress = json.loads((folder / "progress.json").read_text())
        found[f"{kind} progress"] = {
            k: v for k, v in progress.items() if k not in ("seconds", "events")
        }
    return found


def assert_same(workdir, undisturbed, seen=True):
    """Compares the `result` of two workdirs, and says what differs."""
    found, expected = result(workdir, seen), result(undisturbed, seen)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        if found[name] != value and name == "curves":
            points = [key for key in value | found[name] if value.get(key) != found[name].get(key)]
            pytest.fail(f"{len(points)} points of curves differ, such as {sorted(points)[:4]}")
        assert found[name] == value, name


def weights(folder):
    """The bytes of all variables of a generation, by name."""
    reader = tf.train.load_checkpoint(str(folder / "state"))
    names = [name for name in reader.get_variable_to_shape_map() if "OBJECT_GRAPH" not in name]
    assert names
    return {name: reader.get_tensor(name).tobytes() for name in names}


def curves(workdir):
    """{(train or eval, tag, step): value}; each step must be there once."""
    found = {}
    for folder, step, value in events.values(workdir):
        key = folder, value.tag, step
        assert key not in found, f"{key} is there twice"
        # The HParams plugin notes when a session began, and where.
        found[key] = b"" if value.tag.startswith("_hparams_") else value.SerializeToString()
    return found


@pytest.fixture
def faults(request):
    """Call it with a number of faults, once they were all withstood: they enter the record."""
    (promise,) = request.node.get_closest_marker("promise").args
    tried = []
    yield lambda count=1: tried.append(count)
    file = request.config.getoption("--faults")
    if file and tried:
        record = {"test": request.node.nodeid, "promise": promise, "faults": sum(tried)}
        with open(file, "a", encoding="utf-8") as lines:
            lines.write(json.dumps(record) + "\n")
