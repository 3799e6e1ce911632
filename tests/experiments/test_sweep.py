"""The search for hyper-parameters: what it understands, and one small search, resumed."""

import subprocess
import sys

import pytest

from tests.experiments.test_readme import ROOT

optuna = pytest.importorskip("optuna")


def sweep(*options):
    command = [sys.executable, "-m", "experiments.sweep", "--gin_file=gin/digits/two_layer.gin"]
    return subprocess.run([*command, *options], cwd=ROOT, capture_output=True, text=True)


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
