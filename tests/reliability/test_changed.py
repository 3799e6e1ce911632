"""Wrong or changed inputs: a workdir is resumed by what it was made by, or not at all."""

import json
import shutil

import numpy as np
import pytest

from alen_tf.datasets.splits import Examples, Splits
from alen_tf.errors import DataError, WorkdirError
from alen_tf.serving import trained
from alen_tf.training import provenance
from tests.commands import run

from .conftest import DIGITS, Training, content, train_here


def altered(half, part, key):
    """Makes the workdir say that another version had made it."""
    path = half / "provenance.json"
    made_by = json.loads(path.read_text())
    made_by[part][key] = "another"
    path.write_text(json.dumps(made_by))


@pytest.mark.promise("Changed inputs: changed configuration, code, versions or data are rejected")
def test_refused_with_the_difference(half, faults):
    def refused(training=DIGITS):
        before = content(half)
        with pytest.raises(WorkdirError) as error:
            train_here(half, None, training)
        assert content(half) == before
        faults()
        message = str(error.value).splitlines()[0]
        assert str(half) in message
        return message

    other = Training(DIGITS.gin_file, (*DIGITS.params, "ALEN.beta_v = 3.5"))
    assert "a different configuration (- ALEN.beta_v = 4.0; + ALEN.beta_v = 3.5)" in refused(other)

    original = (half / "provenance.json").read_text()
    code = json.loads(original)["code"]
    assert {"training/loop.py", "models/alen.py", "tasks/task.py"} <= code.keys()
    for part, key, what in (
        ("data", "train.x", "different data (train.x was another, is uint8[1170, 32] "),
        ("versions", "tensorflow", "different versions (tensorflow was another, is 2."),
        ("code", "training/loop.py", "different code (training/loop.py was another, is "),
    ):
        altered(half, part, key)
        message = refused()
        assert what in message
        assert "--restart" in message
        (half / "provenance.json").write_text(original)

    (half / "provenance.json").write_text(original.replace('"data": {', '"data": 5, "was": {'))
    assert "provenance.json is damaged: data is not an object" in refused()
    (half / "provenance.json").unlink()
    assert "does not record what made it" in refused()
    (half / "provenance.json").write_text(original[:100])
    assert "is damaged" in refused()
    (half / "provenance.json").write_text(original)
    with (half / "config.gin").open("a") as file:
        file.write("# a note\n")
    assert "was edited" in refused()


@pytest.mark.promise("Changed inputs: one changed value, name or position in the data is noticed")
def test_data_is_told_apart(random, faults):
    def splits(change=None):
        rng = np.random.RandomState(0)
        parts = [
            Examples(rng.randn(9, 3).astype(np.float32), rng.randint(0, 2, (9, 2)).astype(np.uint8))
            for _ in range(3)
        ]
        names = ["a", "b"]
        if change:
            change(parts, names)
        return Splits("own", *parts, label_names=tuple(names))

    def value(parts, names):
        parts[1].x[4, 1] = np.nextafter(parts[1].x[4, 1], 9, dtype=np.float32)

    def label(parts, names):
        parts[2].y[0, 0] ^= 1

    def order(parts, names):
        parts[0] = parts[0].take(np.arange(9)[::-1])

    def kind(parts, names):
        parts[0] = Examples(parts[0].x.astype(np.float64), parts[0].y)

    def name(parts, names):
        names[0] = "c"

    original = provenance.of(splits())
    assert provenance.difference(original, provenance.of(splits())) == ""
    for change in (value, label, order, kind, name):
        changed = provenance.difference(original, provenance.of(splits(change)))
        assert changed.startswith("different data ("), change
        assert changed.count(" was ") == (2 if change is order else 1)
        faults()


def test_a_new_module_changes_nothing():
    made_by = {"data": {}, "versions": {}, "code": {"training/loop.py": "1"}}
    more = made_by | {"code": {"training/loop.py": "1", "tasks/new.py": "2"}}
    assert provenance.difference(made_by, more) == ""
    assert provenance.difference(more, made_by) == "different code (tasks/new.py was 2, is None)"


@pytest.mark.promise("Changed inputs: evaluate scores other data only with --other_data")
def test_evaluated_on_other_data(undisturbed, tmp_path, faults):
    workdir = shutil.copytree(undisturbed(), tmp_path / "run")
    trained.restore(workdir)
    altered(workdir, "data", "test.y")
    with pytest.raises(DataError) as error:
        trained.restore(workdir)
    assert f"{workdir} was trained on different data (test.y was another, is " in str(error.value)
    assert "--other_data" in str(error.value)
    done = run("evaluate", f"--workdir={workdir}", "--other_data")
    assert done.returncode == 0, done.stderr
    assert "trained on different data (test.y was another" in done.stdout
    faults()


@pytest.mark.promise("Changed inputs: --restart keeps the old workdir, renamed")
def test_restart_archives(half, disturbed, faults):
    before = {path.relative_to(half): data for path, data in content(half).items()}
    (half.parent / "half.1").mkdir()
    run = disturbed(half, Training(DIGITS.gin_file, (*DIGITS.params, "train.epochs = 1")))
    printed, _ = run.run("--restart")
    assert "half.2" in printed
    assert "resuming" not in printed
    old = half.parent / "half.2"
    after = {path.relative_to(old): data for path, data in content(old).items()}
    assert {k: v for k, v in before.items() if k.name != ".lock"} == {
        k: v for k, v in after.items() if k.name != ".lock"
    }
    assert json.loads((half / "results.json").read_text())["epochs"] == 1
    faults()
