"""The script for a machine with a GPU: what it runs, and that a failure does not hide."""

import os
import re
import shutil
import subprocess

import pytest

from tests.commands import ROOT

# In place of Python: it says how it was called, writes the results of a training, and fails where
# it is asked to.
STUB = """#!/usr/bin/env bash
if [ "$1" = - ]; then cat >/dev/null; exit; fi
echo "$@"
for option in "$@"; do
  case $option in --workdir=*) mkdir -p "${option#*=}" ;; esac
done
[[ "$*" != *"$FAIL"* ]]
"""


@pytest.fixture
def run(tmp_path):
    """Runs the script on CPUs, with a stub for Python; what fails is what has `fail` in it."""
    (tmp_path / "experiments").mkdir()
    shutil.copy(ROOT / "experiments" / "gpu.sh", tmp_path / "experiments")
    stub = tmp_path / "stub"
    stub.write_text(STUB)
    stub.chmod(0o755)

    def run(*options, fail="nothing"):
        return subprocess.run(
            ["bash", "experiments/gpu.sh", *options],
            cwd=tmp_path,
            env=os.environ | {"PYTHON": str(stub), "FAIL": fail},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def test_it_tests_trains_and_measures(run, tmp_path):
    done = run("run", "--cpu", "--manual_dir=/data")
    assert done.returncode == 0, done.stderr
    names = re.findall(r"(\S+): passed", done.stdout)
    assert names == ["tests", "bibtex", "bibtex-xla", "horses", "benchmark"]
    called = (tmp_path / "build" / "gpu-results" / "bibtex-xla.log").read_text()
    for part in ("--manual_dir=/data", "train.epochs = 1", "train.jit_compile = True"):
        assert part in called


def test_its_tests_and_configurations_exist():
    script = (ROOT / "experiments" / "gpu.sh").read_text()
    tests = re.findall(r"tests/\S+\.py", script)
    files = [f"gin/{name}.gin" for name in re.findall(r"train \S+ \d+ (\S+)", script)]
    assert len(tests) == 5
    assert len(files) == 3
    assert all((ROOT / name).is_file() for name in tests + files)


def test_its_limits_leave_a_minute_of_ten():
    script = (ROOT / "experiments" / "gpu.sh").read_text()
    limits = re.findall(r"(?:step|train) (?!digits)[a-z-]+ (\d+) ", script)
    assert len(limits) == 5
    assert sum(map(int, limits)) <= 540


def test_a_failure_is_told_and_the_rest_goes_on(run):
    done = run("run", "--cpu", fail="pytest")
    assert done.returncode == 1
    assert re.search(r"tests: FAILED.*\n.*digits: passed.*\n.*benchmark: passed", done.stdout)
    assert "failed: tests" in done.stderr


@pytest.mark.parametrize("options", [(), ("fly",), ("run", "--fast")])
def test_other_words_print_the_usage(run, options):
    done = run(*options)
    assert done.returncode == 2
    assert "gpu.sh run --cpu" in done.stderr


def test_without_wheels_it_says_what_to_do(run):
    done = run("run")
    assert done.returncode == 1
    assert done.stderr == "no wheels in build/wheels: run experiments/gpu.sh pack\n"
