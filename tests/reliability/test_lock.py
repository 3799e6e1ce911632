"""Two at once: one workdir, one training."""

import pytest

from alen_tf.errors import WorkdirError
from alen_tf.training.workdir import Workdir

from .conftest import DIGITS, Training, train_here

LONG = Training(DIGITS.gin_file, (*DIGITS.params, "train.epochs = 1000000"))


@pytest.mark.promise("Two at once: a second training is rejected while the first runs")
def test_a_second_training_is_refused(disturbed, faults):
    first = disturbed(None, LONG)
    process = first.start()
    first.wait_for(process, first.steps)
    held = f"{first.workdir} is in use by another run (process {process.pid})"
    with pytest.raises(WorkdirError) as error:
        train_here(first.workdir, training=LONG)
    assert held in str(error.value)
    faults()
    with pytest.raises(WorkdirError) as error:
        Workdir(first.workdir).archive()
    assert held in str(error.value)
    faults()
    assert first.kill(process)  # alive until now, and it leaves its lock file behind
    assert (first.workdir / ".lock").read_text() == str(process.pid)
    with Workdir(first.workdir).locked():
        faults()


@pytest.mark.promise("Two at once: the same holds within one process, and after an error")
def test_locked_in_one_process(tmp_path, faults):
    with Workdir(tmp_path / "run").locked():
        with pytest.raises(WorkdirError, match="in use"), Workdir(tmp_path / "run").locked():
            pass
        faults()
    with pytest.raises(ZeroDivisionError), Workdir(tmp_path / "run").locked():
        1 / 0  # noqa: B018
    with Workdir(tmp_path / "run").locked():
        faults()


@pytest.mark.promise("Two at once: a training whose folder was replaced does not write into it")
def test_a_replaced_folder_is_left_alone(tmp_path, faults):
    path = tmp_path / "run"
    with Workdir(path).locked() as held:
        held.check_held()
        path.rename(tmp_path / "moved")
        with pytest.raises(WorkdirError, match="cannot be written: No such file"):
            held.check_held()
        faults()
        with Workdir(path).locked():
            with pytest.raises(WorkdirError, match="was replaced"):
                held.check_held()
            faults()


def test_a_folder_is_not_renamed_from_inside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WorkdirError, match="cannot be renamed from inside"):
        Workdir(".").archive()
