"""Writes the benchmark's tables into docs/performance.md: python -m experiments.performance.

Every table comes from the last record in experiments/results/benchmark.jsonl that measured it.
`--check` only reports whether the document agrees with the records.
"""

import json

import numpy as np
from absl import app, flags

from experiments import documents, runs, style
from experiments.benchmark import report

BUSY = 1.5  # wall-clock seconds per CPU second
PICTURE = "![Time of a step, and memory, as one size grows](growth.png)"


def tables(records):
    """The tables by name, functions without arguments; each names its record."""

    def table(name):
        found = [
            record for record in records if name in record and "--quick" not in record["command"]
        ]
        if not found:
            return "not measured yet"
        last = found[-1]
        machine = last["machine"]
        device = machine.get("gpu") or f"one core of {machine['cores']}"
        where = (
            f"{machine['processor']}, {device}, TensorFlow {last['versions']['tensorflow']}, "
            f"commit {last['commit']}, {last['date']}"
        )
        if last["wall_per_cpu"] > BUSY:
            where += "; other programs used most of the machine, which disturbs caches"
        picture = f"\n\n{PICTURE}" if name == "cost" else ""
        return f"{report.TABLES[name](last)}\n\n*{where}*{picture}"

    return {name: lambda name=name: table(name) for name in report.TABLES}


def figure(measured):
    """Times and memory along all axes, into docs/growth.png."""
    import matplotlib.pyplot as plt

    size = (2.6 * len(measured), 4.4)
    style.apply()
    made, rows = plt.subplots(2, len(measured), figsize=size, sharex="col", sharey="row")
    for (time, memory), (name, found) in zip(rows.T, measured.items(), strict=True):
        sizes = np.array(found["sizes"])
        time.plot(sizes, found["ms"], "o")
        time.plot(sizes, found["ms_at_zero"] + found["ms_per_unit"] * sizes, color="0.5")
        memory.plot(sizes, found["mib"], "o-")
        memory.set_xlabel(name)
    rows[0, 0].set_ylabel("ms per step")
    rows[1, 0].set_ylabel("peak memory, MiB")
    for axis, key in zip(rows[:, 0], ("ms", "mib"), strict=True):  # a row shares its scale
        axis.set_ylim(0, 1.1 * max(max(found[key]) for found in measured.values()))
    runs.save(made, "growth")


def main(argv):
    del argv
    path = runs.RESULTS / "benchmark.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    records = [json.loads(line) for line in lines]
    documents.update("docs/performance.md", tables(records))
    if flags.FLAGS.check:
        return
    for record in reversed(records):
        if "cost" in record:
            figure(record["cost"])
            break


if __name__ == "__main__":
    app.run(main)
