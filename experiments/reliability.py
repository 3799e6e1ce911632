"""Writes docs/reliability.md from what the tests recorded: python -m experiments.reliability.

Tests in tests/reliability are marked with the promise that they check, and report how many faults
they tried. To make the record again, run

  pytest tests/reliability -m 'slow or not slow' --faults=experiments/results/reliability.jsonl

which takes about half an hour. If a test was recorded twice, the last record counts. `--check` only
reports whether the document, the record and the tests agree.
"""

import ast
import json
import sys

from absl import app

from experiments import documents, runs

TESTS = runs.ROOT / "tests" / "reliability"


def promises():
    """{file::test: the promise that it is marked with}, in the order of the files."""
    found = {}
    for path in sorted(TESTS.glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            for mark in getattr(node, "decorator_list", ()):
                if ast.unparse(mark).startswith("pytest.mark.promise("):
                    name = f"{path.relative_to(runs.ROOT).as_posix()}::{node.name}"
                    found[name] = ast.literal_eval(mark.args[0])
    return found


def recorded():
    """{file::test: number of faults that it has tried, over its parameters}."""
    lines = (runs.RESULTS / "reliability.jsonl").read_text(encoding="utf-8").splitlines()
    last = {record["test"]: record["faults"] for record in map(json.loads, lines)}
    sums = {}
    for test, faults in last.items():
        name = test.partition("[")[0]
        sums[name] = sums.get(name, 0) + faults
    return sums


def table():
    """The table of promises; exits where a promise has no record."""
    faults, rows = recorded(), []
    for test, promise in promises().items():
        if test not in faults:
            sys.exit(f"{test} is not in the record: run it with --faults")
        file, _, name = test.rpartition("/")[2].partition("::")
        topic, _, text = promise.partition(": ")
        link = f"[{name}](../tests/reliability/{file})"
        rows.append([topic, text, f"{faults[test]:,}", link])
    return runs.markdown(["", "promise", "faults tried", "test"], rows)


def main(argv):
    del argv
    documents.update("docs/reliability.md", {"promises": table})


if __name__ == "__main__":
    app.run(main)
