"""Exact resume: whatever moment a training is killed at, it ends as if it had not been."""

import random
import shutil
import time

import pytest

from .conftest import DIGITS, assert_same, horses, sharded, train_here

XLA = DIGITS._replace(params=(*DIGITS.params, "train.jit_compile = True"))
TRAININGS = {
    "digits": lambda folder: DIGITS,
    "horses": horses,
    "sharded": sharded,
    "xla": lambda folder: XLA,
}
CASES = [
    pytest.param("digits", 1, 2, id="digits-few"),
    pytest.param("digits", 6, 6, id="digits-many", marks=pytest.mark.slow),
    pytest.param("xla", 2, 3, id="xla-many", marks=pytest.mark.slow),
    pytest.param("horses", 2, 5, id="horses-many", marks=pytest.mark.slow),
    pytest.param("sharded", 1, 4, id="sharded-few", marks=pytest.mark.slow),
]


def kill_at_random(run, moments):
    """Starts the training and kills it; whether there was something to kill.

    It is killed while it starts, soon after it has saved a further state, or while it saves one.
    """
    saved, unfinished = max(run.steps(), default=0), run.unfinished()
    process = run.start()
    (when,) = moments.choices(("starting", "training", "saving"), (1, 2, 2))
    if when == "starting":
        time.sleep(moments.uniform(0, 8))
    elif when == "training":
        run.wait_for(process, lambda: max(run.steps(), default=0) > saved)
        time.sleep(moments.uniform(0, 0.3))
    else:
        run.wait_for(process, lambda: run.unfinished() - unfinished)
        time.sleep(moments.uniform(0, 0.02))
    return run.kill(process)


@pytest.mark.promise(
    "Exact resume: a run killed with SIGKILL at any moment resumes to the same bits"
)
@pytest.mark.parametrize(("name", "chains", "kills"), CASES)
def test_killed_at_random_moments(disturbed, undisturbed, faults, tmp_path, name, chains, kills):
    training = TRAININGS[name](tmp_path)
    for seed in range(chains):
        moments, run = random.Random(seed), disturbed(None, training)
        killed = sum(kill_at_random(run, moments) for _ in range(kills))
        run.run()
        assert_same(run.workdir, undisturbed(training))
        faults(killed)


@pytest.mark.promise("Exact resume: a finished run gives the same result when started again")
def test_started_again_at_the_end(undisturbed, faults, tmp_path, capsys):
    run = shutil.copytree(undisturbed(), tmp_path / "run")
    for name in ("results.json", "model.json"):
        (run / name).unlink()  # as if killed while it was written
    train_here(run)
    assert "resuming" in capsys.readouterr().out
    assert_same(run, undisturbed())
    faults()


@pytest.mark.promise("Determinism: the same seed on the same machine gives the same result")
def test_the_same_twice(disturbed, undisturbed, faults):
    run = disturbed()
    run.run()
    assert_same(run.workdir, undisturbed())
    assert "train.seed = 0" in (run.workdir / "config.gin").read_text()
    faults()
