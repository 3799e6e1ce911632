"""Orderly stop: SIGINT and SIGTERM save and leave soon; a second SIGINT leaves at once."""

import signal
import threading
import time

import pytest

from alen_tf.errors import Interrupted
from alen_tf.training import interruption, loop
from alen_tf.training import run as training_run
from tests.stopped import Stop

from .conftest import DIGITS, EPOCHS, assert_same, some_slow, train_here

SECONDS = 5.0


@pytest.mark.promise("Orderly stop: SIGINT and SIGTERM save and leave within 5 s, with 130 and 143")
def test_signals_save_and_leave(disturbed, undisturbed, faults):
    run = disturbed()
    for number, epochs in ((signal.SIGINT, 1), (signal.SIGTERM, 4)):
        process = run.start()
        run.wait_for(process, lambda steps=13 * epochs: run.steps()[-1:] >= [steps])
        sent = time.monotonic()
        process.send_signal(number)
        _, said = run.end(process, status=128 + number)
        assert time.monotonic() - sent < SECONDS
        (line,) = said.strip().splitlines()
        assert line.startswith(f"stopped by {number.name}: {run.workdir} is saved after epoch ")
        faults()
    train_here(run.workdir)
    assert_same(run.workdir, undisturbed())


@pytest.mark.promise("Orderly stop: a run stopped between two steps resumes to the same bits")
@pytest.mark.parametrize("steps_per_call", some_slow(5, 1))
def test_stopped_between_steps(tmp_path, undisturbed, faults, monkeypatch, steps_per_call):
    monkeypatch.setattr(loop, "STEPS_PER_CALL", steps_per_call)
    saved = []
    for polls in (3, 12, 9):
        with pytest.raises(Interrupted, match="epoch") as left:
            train_here(tmp_path / "run", Stop(polls))
        saved.append(str(left.value))
        faults()
    assert any("step" in line for line in saved)
    train_here(tmp_path / "run")
    assert_same(tmp_path / "run", undisturbed())


@pytest.fixture
def ends(monkeypatch):
    """The statuses with which `os._exit` was called; it does nothing."""
    statuses = []
    monkeypatch.setattr(interruption.os, "_exit", statuses.append)
    return statuses


def wait_for(happened, seconds=5):
    deadline = time.monotonic() + seconds
    while not happened() and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert happened()


@pytest.mark.promise("Orderly stop: a second SIGINT leaves at once")
def test_a_second_interrupt_leaves_at_once(ends, faults, capfd):
    with interruption.watched() as stop:
        assert not stop
        signal.raise_signal(signal.SIGTERM)
        wait_for(lambda: stop)
        signal.raise_signal(signal.SIGTERM)  # says nothing new
        assert ends == []
        signal.raise_signal(signal.SIGINT)
        wait_for(lambda: ends)
    assert ends == [143]
    assert "at once" in capfd.readouterr().err
    faults()


@pytest.mark.promise("Orderly stop: work that does not end in time is abandoned")
def test_work_that_does_not_end_is_left(ends, faults, monkeypatch, capfd):
    monkeypatch.setattr(interruption, "PATIENCE", 0.2)
    with interruption.watched():
        signal.raise_signal(signal.SIGINT)
        wait_for(lambda: ends)
    assert ends == [130]
    assert "the same command resumes" in capfd.readouterr().err
    faults()


def test_handlers_are_put_back():
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with interruption.watched() as stop:
        signal.raise_signal(signal.SIGINT)
        wait_for(lambda: stop)
    time.sleep(0.1)
    assert before == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def saved_steps(workdir):
    return max(int(path.name) for path in (workdir / "checkpoints/latest").glob("[0-9]*"))


@pytest.mark.parametrize(("every", "killed"), [(1, 1), (1, 3), (2, 6), (EPOCHS, EPOCHS)])
@pytest.mark.promise("Orderly stop: a state is saved before a long evaluation")
def test_a_long_evaluation_loses_no_steps(
    every, killed, tmp_path, undisturbed, faults, monkeypatch
):
    # The time of the one before tells that an evaluation is long; of the first nobody knows.
    monkeypatch.setattr(training_run, "LONG_EVALUATION", 0.0 if killed > every else 100.0)
    training = DIGITS._replace(params=(*DIGITS.params, f"train.evaluate_every = {every}"))
    with monkeypatch.context() as patch:
        evaluate = training_run.Run._evaluate

        def one_fails(self, *arguments):
            if self.progress.epoch == killed:
                raise SystemExit
            return evaluate(self, *arguments)

        patch.setattr(training_run.Run, "_evaluate", one_fails)
        with pytest.raises(SystemExit):
            train_here(tmp_path / "run", training=training)
    assert saved_steps(tmp_path / "run") == killed * 13
    if every == 1:  # as `undisturbed` has it
        train_here(tmp_path / "run", training=training)
        assert_same(tmp_path / "run", undisturbed())
    faults()


@pytest.mark.promise("Orderly stop: a state is saved every five minutes, in the middle of an epoch")
def test_states_are_saved_by_the_clock(tmp_path, undisturbed, faults, monkeypatch):
    with monkeypatch.context() as patch:

        def die(self):
            if self.progress.step:
                raise SystemExit

        patch.setattr(training_run, "SAVE_SECONDS", 0.0)
        patch.setattr(training_run.Run, "_stop_if_asked", die)
        with pytest.raises(SystemExit):
            train_here(tmp_path / "run")
    assert saved_steps(tmp_path / "run") == 1  # what the first call of the loop takes
    train_here(tmp_path / "run")
    assert_same(tmp_path / "run", undisturbed())
    faults()
