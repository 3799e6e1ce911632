import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from alen_tf.datasets import bookmarks
from alen_tf.datasets.builders import bookmarks as source
from alen_tf.errors import DataError

ROWS = 40


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A manual directory with a short file of a few words and tags, and what is in it."""
    monkeypatch.setattr(source, "WORDS", 12)
    monkeypatch.setattr(source, "TAGS", 5)
    matrix = (np.random.RandomState(0).rand(ROWS, 17) < 0.3).astype(np.uint8)
    matrix[3] = 0
    lines = ["@relation small", *(f"@attribute w{column} {{0,1}}" for column in range(17)), "@data"]
    lines += ["{" + ",".join(f"{c} 1" for c in np.flatnonzero(row)) + "}" for row in matrix]
    path = tmp_path / "manual" / "bookmarks" / "bookmarks.arff"
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(lines) + "\n")
    return path, matrix


def load(small, tmp_path, **kwargs):
    return bookmarks.bookmarks(
        manual_dir=str(small[0].parent.parent), data_dir=str(tmp_path / "data"), **kwargs
    )


def test_whole_file_is_split_as_documented():
    assert source.split_ends(87_856) == [48_000, 60_000, 87_856]


def test_splits_are_in_file_order_and_proportional(small, tmp_path):
    splits = load(small, tmp_path)
    parts = splits.train, splits.validation, splits.test
    sizes = [len(part) for part in parts]
    assert sum(sizes) == ROWS
    for size, whole in zip(sizes, (48_000, 12_000, 27_856), strict=True):
        assert size == pytest.approx(ROWS * whole / 87_856, abs=1)
    together = np.vstack([np.hstack([part.x, part.y]) for part in parts])
    np.testing.assert_array_equal(together, small[1])
    assert splits.label_names == ("w12", "w13", "w14", "w15", "w16")
    # Results on another file must not be taken for results on the benchmark.
    assert splits.name == "bookmarks[40 rows]"


def test_prepared_once(small, tmp_path):
    first = load(small, tmp_path)
    small[0].unlink()
    again = bookmarks.bookmarks(data_dir=str(tmp_path / "data"))
    np.testing.assert_array_equal(first.test.x, again.test.x)


def test_another_file_than_the_prepared_one(small, tmp_path):
    load(small, tmp_path)
    small[0].write_text(small[0].read_text().replace("small", "other"))
    with pytest.raises(DataError, match="prepared from") as caught:
        load(small, tmp_path)
    assert str(small[0]) in str(caught.value)


def test_missing_file(tmp_path):
    for manual_dir in (None, str(tmp_path)):
        with pytest.raises(DataError) as caught:
            bookmarks.bookmarks(manual_dir=manual_dir, data_dir=str(tmp_path / "data"))
        message = str(caught.value)
        assert source.SOURCE in message
        assert "bookmarks.arff" in message
        assert "\n" not in message


def test_malformed_line(small, tmp_path):
    lines = small[0].read_text().splitlines()
    lines[1 + 17 + 1 + 4] = "{99 1}"
    small[0].write_text("\n".join(lines))
    with pytest.raises(DataError) as caught:
        load(small, tmp_path)
    assert str(caught.value).startswith(f"{small[0]}:24: malformed ARFF")


# What a process of its own does with the whole data set: seconds and peak memory of loading.
LOAD = """
import json, resource, sys, time
from alen_tf.datasets.bookmarks import bookmarks
start = time.monotonic()
splits = bookmarks(*sys.argv[1:])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
sizes = [len(part) for part in (splits.train, splits.validation, splits.test)]
print(json.dumps([time.monotonic() - start, peak, splits.name, sizes]))
"""


@pytest.mark.slow
def test_full_size(write_bookmarks, tmp_path):
    # Run with -s to see the measurements.
    manual_dir, root = write_bookmarks(87_856), pathlib.Path(__file__).parent.parent.parent
    places = [str(manual_dir), str(tmp_path / "data")]
    for what in ("prepared and loaded", "loaded again"):
        done = subprocess.run(
            [sys.executable, "-c", LOAD, *places],
            env=os.environ | {"PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        seconds, peak, name, sizes = json.loads(done.stdout.splitlines()[-1])
        print(f"{what}: {seconds:.1f} s, peak {peak / 2**30:.2f} GiB")
        assert name == "bookmarks"
        assert sizes == [48_000, 12_000, 27_856]
        assert seconds < 120
        assert peak < 2 * 2**30
    options = (
        "--gin_file=gin/bookmarks/alen.gin",
        "--gin_param=train.epochs = 1",
        f"--manual_dir={places[0]}",
        f"--data_dir={places[1]}",
        f"--workdir={tmp_path / 'run'}",
    )
    command = [sys.executable, "-m", "alen_tf.train", *options]
    trained = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert trained.returncode == 0, trained.stderr
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    print(f"one ALEN epoch: {results['train_seconds']} s")
    assert results["examples_per_second"] > 500
    assert results["test"]["refined"] > 0.05  # its label structure can be learned
