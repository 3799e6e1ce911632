"""The search for hyper-parameters: what it understands, and one small search, resumed."""

import json
import shlex
import statistics
import subprocess
import sys

import pytest

from tests.commands import ROOT

optuna = pytest.importorskip("optuna")


def sweep(*options, root=ROOT):
    command = [sys.executable, "-m", "experiments.sweep", "--gin_file=gin/digits/two_layer.gin"]
    return subprocess.run([*command, *options], cwd=root, capture_output=True, text=True)


@pytest.mark.parametrize(
    "search", ["MLP.dropout", "MLP.dropout=log 0 1", "MLP.dropout=uniform 1", "a=choice", "a=b 1 2"]
)
def test_a_malformed_search_gets_one_clear_line(search):
    done = sweep(f"--search={search}")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert search in done.stderr


@pytest.mark.slow
def test_a_search_is_resumed_and_never_reads_the_test_split(tmp_path):
    options = (
        "--gin_param=train.epochs = 2",
        "--search=MLP.dropout=uniform 0 0.5",
        "--search=MLP.hidden_units=choice 16 32",
        f"--workdirs={tmp_path}",
    )
    first = sweep(*options, "--trials=2", "--jobs=2")
    assert first.returncode == 0, first.stderr
    workdirs = list((tmp_path / "sweep").glob("*/results.json"))
    assert len(workdirs) == 2
    assert all('"test"' not in results.read_text() for results in workdirs)
    resumed = sweep(*options, "--trials=3")
    assert resumed.returncode == 0, resumed.stderr
    assert len(list((tmp_path / "sweep").glob("*/results.json"))) == 3
    scores = [float(line.split()[0]) for line in resumed.stdout.splitlines() if "{" in line]
    assert len(scores) == 3
    assert scores == sorted(scores)


@pytest.mark.slow
def test_choices_are_each_tried_once_and_recorded(copy, tmp_path):
    options = [
        "--gin_param=train.epochs = 1",
        "--search=MLP.hidden_units=choice 8 16",
        "--seeds=2",
        "--seeded=MLP.output_bias",  # any parameter: each run gets its number
    ]
    done = sweep(*options, f"--workdirs={tmp_path}", "--record=search", "--trials=9", root=copy)
    assert done.returncode == 0, done.stderr
    lines = (copy / "experiments" / "results" / "search.jsonl").read_text().splitlines()
    trials = [json.loads(line) for line in lines]
    assert sorted(trial["trial"]["MLP.hidden_units"] for trial in trials) == ["16", "8"]
    for trial in trials:
        assert str(tmp_path) not in trial["command"]
        assert set(options) < set(shlex.split(trial["command"]))
        units = trial["trial"]["MLP.hidden_units"]
        workdirs = (tmp_path / "sweep").glob(f"*MLP.hidden_units={units},*")
        results = [json.loads((w / "results.json").read_text()) for w in workdirs if w.is_dir()]
        biases = [result["command"].split("MLP.output_bias = ")[1][0] for result in results]
        assert sorted(biases) == ["0", "1"]
        mean = statistics.mean(result["validation"]["refined"] for result in results)
        assert trial["validation_by_step"][-1] == pytest.approx(mean, abs=1e-4)
