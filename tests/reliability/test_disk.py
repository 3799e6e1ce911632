"""Bad disk: full, read-only, vanished, or giving back something else than was written."""

import contextlib
import itertools
import json
import os
import random
import resource
import shutil
import signal
import subprocess

import pytest
import tensorflow as tf

from alen_tf import storage
from alen_tf.errors import WorkdirError
from alen_tf.serving import trained
from alen_tf.training import checkpoints, workdir

from .conftest import assert_same, content, one_line, some_slow, train_here


def newest(folder):
    return max(folder.glob("[0-9]*"), key=lambda path: int(path.name))


def assert_whole(folder):
    """Whatever has a final name can be used."""
    for kind in ("latest", "best"):
        generations = list((folder / "checkpoints" / kind).glob("[0-9]*"))
        assert generations
        for generation in generations:
            checkpoints.check(generation)
    for name in ("config.gin", "provenance.json", "model.json", "results.json"):
        path = folder / name
        if path.exists() and path.suffix == ".json":
            assert json.loads(path.read_text())
    hidden = [path for path in folder.rglob(".*") if path.name != ".lock"]
    assert not hidden, "leftovers of files that could not be written"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 3 MB of its own; skips the test where none can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs more rights")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.promise("Bad disk: a full disk ends the run with one line; older states survive")
@pytest.mark.parametrize("free", some_slow(0, 10_000, 100_000))
def test_full_disk(small_disk, half, undisturbed, faults, free):
    run = shutil.copytree(half, small_disk / "run")
    with contextlib.suppress(OSError), (small_disk / "filler").open("wb", 0) as file:
        while file.write(bytes(1000)):
            pass
    assert shutil.disk_usage(small_disk).free == 0
    os.truncate(small_disk / "filler", (small_disk / "filler").stat().st_size - free)
    before = newest(run / "checkpoints" / "latest")
    with pytest.raises(WorkdirError, match=f"{run}.* cannot be written: .*No space left on device"):
        train_here(run)
    assert_whole(run)
    assert int(newest(run / "checkpoints" / "latest").name) >= int(before.name)
    faults()
    (small_disk / "filler").unlink()
    train_here(run)
    assert_same(run, undisturbed())


@pytest.mark.promise("Bad disk: a file-size limit ends the run with one line and no partial file")
def test_file_size_limit(disturbed, half, faults):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    run = disturbed(half)
    said = one_line(run.run(status=1, preexec_fn=limit)[1])
    assert "cannot be written: " in said
    assert_whole(half)
    faults()


@pytest.mark.promise("Bad disk: a read-only workdir is named, in one line")
def test_read_only(small_disk, half, faults):
    run = shutil.copytree(half, small_disk / "run")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    before = content(run)
    with pytest.raises(WorkdirError, match=f"{run}: cannot be written: Read-only file system"):
        train_here(run)
    assert content(run) == before
    faults()
    with pytest.raises(WorkdirError, match="Read-only file system"):
        workdir.Workdir(run).archive()
    faults()


class Vanishing:
    """An interruption that never comes, but takes the workdir away when it is asked for."""

    def __init__(self, folder, polls, how):
        self.folder, self.polls, self.how = folder, polls, how

    def __bool__(self):
        self.polls -= 1
        if self.polls == 0:
            self.how(self.folder)
        return False


@pytest.mark.promise("Bad disk: a workdir that vanishes is noticed at the next save")
@pytest.mark.parametrize("how", some_slow(shutil.rmtree, lambda path: path.rename(f"{path}.moved")))
def test_vanished(half, faults, how):
    with pytest.raises(WorkdirError, match=f"{half}: cannot be written: No such file"):
        train_here(half, Vanishing(half, 2, how))
    assert not (half / "config.gin").exists()  # it is not made anew
    faults()


def flip(path, place):
    """Inverts one bit."""
    data = bytearray(path.read_bytes())
    data[place // 8] ^= 1 << place % 8
    path.write_bytes(data)


def cut(path, place):
    os.truncate(path, place // 8)


def remove(path, place):
    path.unlink()


@pytest.mark.promise("Bad disk: any bit flipped or byte lost in a checkpoint is noticed")
def test_damage_is_noticed(half, faults):
    rng, folder = random.Random(0), newest(half / "checkpoints" / "latest")
    checkpoints.check(folder)
    for path in sorted(folder.iterdir()):
        original, size = path.read_bytes(), 8 * path.stat().st_size
        for damage in [flip] * 60 + [cut] * 20 + [remove]:
            damage(path, rng.randrange(size))
            with pytest.raises(WorkdirError, match=f"{folder} is damaged"):
                checkpoints.check(folder)
            path.write_bytes(original)
            faults()


def test_files_of_others_are_left_alone(half):
    """Such as those that a file manager makes in every folder that it shows."""
    (half / "checkpoints" / "latest" / ".DS_Store").touch()
    (half / "checkpoints" / "latest" / ".7.old").mkdir()
    train_here(half)
    hidden = [path.name for path in (half / "checkpoints" / "latest").glob(".*")]
    assert hidden == [".DS_Store"]


@pytest.mark.promise("Bad disk: a damaged newest checkpoint is reported; the one before it is used")
@pytest.mark.parametrize("damage", some_slow(flip, cut, remove))
def test_falls_back(half, undisturbed, faults, capsys, damage):
    folder = newest(half / "checkpoints" / "latest")
    damage(folder / "state.data-00000-of-00001", 12345)
    train_here(half)
    printed = capsys.readouterr().out
    assert f"{folder} is damaged" in printed
    assert "resuming" in printed
    assert_same(half, undisturbed())
    faults()


@pytest.mark.promise("Bad disk: if all checkpoints are damaged, it says so and deletes none")
def test_nothing_left(half, faults):
    def refused(what):
        before = content(half / "checkpoints")
        with pytest.raises(WorkdirError, match=what):
            train_here(half)
        assert content(half / "checkpoints") == before
        faults()

    best = newest(half / "checkpoints" / "best") / "state.index"
    original = best.read_bytes()
    cut(best, 80)
    refused(f"{best.parent} is damaged")
    with pytest.raises(WorkdirError, match=f"{best.parent} is damaged"):
        trained.load(half)
    best.write_bytes(original)
    for folder in (half / "checkpoints" / "latest").glob("[0-9]*"):
        cut(folder / "state.index", 80)
    refused("no older state")
    shutil.rmtree(half / "checkpoints" / "latest")
    refused("latest is empty, but .* exists")


@pytest.mark.promise("Bad disk: a truncated results.json or model.json is named and rewritten")
def test_truncated_results(tmp_path, undisturbed, faults):
    run = shutil.copytree(undisturbed(), tmp_path / "run")
    for name in ("results.json", "model.json"):
        cut(run / name, 8 * 50)
        with pytest.raises(WorkdirError, match=f"{run / name} is damaged"):
            storage.read_json(run / name)
        faults()
    with pytest.raises(WorkdirError, match=f"{run / 'model.json'} is damaged"):
        trained.load(run)
    train_here(run)
    assert_same(run, undisturbed())


@pytest.mark.promise("Bad disk: unreadable events are named, and do not stop the training")
@pytest.mark.parametrize("damage", some_slow(flip, cut, remove))
def test_unreadable_events(half, undisturbed, faults, capsys, damage):
    (path,) = (half / "train").iterdir()
    damage(path, 8 * 200)
    train_here(half)
    assert f"{path} is " in capsys.readouterr().out
    assert_same(half, undisturbed(), seen=False)
    faults()


def failing(function, nth):
    """The function, on a disk that is full when it is called for the `nth` time."""
    calls = itertools.count(1)

    def limited(*args, **kwargs):
        if next(calls) == nth:
            raise OSError(28, "No space left on device")
        return function(*args, **kwargs)

    return limited


@pytest.mark.promise("Bad disk: whichever step of a save fails, the older state is still there")
def test_every_step_of_a_save(tmp_path, faults, monkeypatch):
    variable = tf.Variable([1.0, 2.0])
    store = checkpoints.Checkpoints(tmp_path / "latest", keep=2, variable=variable)
    store.save(1, {"epoch": 1})
    steps = [(name, nth) for name in ("fsync", "rename", "mkdir", "open") for nth in range(1, 6)]
    for number, (name, nth) in enumerate(steps, start=2):
        variable.assign([number, 2.0])
        with monkeypatch.context() as patch:
            patch.setattr(os, name, failing(getattr(os, name), nth))
            try:
                store.save(number, {"epoch": number})
            except WorkdirError as error:
                assert "No space left" in str(error)  # noqa: PT017
                faults()
        for folder in (tmp_path / "latest").glob("[0-9]*"):
            checkpoints.check(folder)
        progress, problems = store.restore()
        assert problems == []
        assert progress["epoch"] in (number - 1, number)
        assert variable.numpy().tolist() == [progress["epoch"], 2.0]
        variable.assign([number, 2.0])
        store.save(number, {"epoch": number})
