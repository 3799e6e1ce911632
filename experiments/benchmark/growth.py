"""How the cost of ALEN's training step grows with T, batch, labels, features and width.

`python -m experiments.benchmark.growth AXIS SIZE` takes steps of one size, and prints the peak
memory of the process, in MiB.
"""

import pathlib
import re
import subprocess
import sys

import numpy as np

from experiments import runs
from experiments.benchmark import timing
from experiments.benchmark.workloads import BIBTEX, Workload

AXES = {  # each doubled four times
    "refinement steps": (2, 4, 8, 16, 32),
    "batch": (10, 20, 40, 80, 160),
    "labels": (250, 500, 1000, 2000, 4000),
    "features": (500, 1000, 2000, 4000, 8000),
    "hidden units": (50, 100, 200, 400, 800),
}


def workload(axis, size, count):
    """ALEN on Bibtex's shapes, but for one size, with `count` examples."""
    shape = BIBTEX
    if axis == "labels":
        shape = shape._replace(output=(size,))
    elif axis == "features":
        shape = shape._replace(input=(size,))
    names = ("MLPEnergy.hidden_units", "MLP.hidden_units")
    params = {
        "refinement steps": (f"training/GradientAscent.steps = {size}",),
        "batch": (f"train.batch_size = {size}",),
        "hidden units": tuple(f"{name} = {size}" for name in names),
    }.get(axis, ())
    return Workload("bibtex/alen", shape, params, count)


def measure(axis, sizes, count, repetitions):
    """Milliseconds per step and peak memory for every size of an axis.

    Returns:
      {"sizes", "ms": one number per size, "mib": likewise, each in its own process, "ms_per_unit":
      slope of the straight line through the times, "ms_at_zero": its intercept, "r2": the share of
      their variance that it explains, "exponent": p of the power law size^p through the times, and
      "last_exponent": likewise of the last doubling, where less of a step is the same for all
      sizes}.
    """
    examples = count * max(AXES["batch"])
    functions = {size: workload(axis, size, examples).steps(count) for size in sizes}
    for function in functions.values():
        function()  # traces
    seconds = timing.interleaved(functions, repetitions)
    ms = [1e3 * seconds[size] / count for size in sizes]
    slope, intercept = np.polyfit(sizes, ms, 1)
    rest = np.var(ms - (slope * np.array(sizes) + intercept)) / np.var(ms)
    return {
        "sizes": list(sizes),
        "ms": [round(value, 4) for value in ms],
        "mib": [round(peak(axis, size), 1) for size in sizes],
        "ms_per_unit": float(f"{slope:.4g}"),
        "ms_at_zero": round(float(intercept), 4),
        "r2": round(float(1 - rest), 4),
        "exponent": exponent(sizes, ms),
        "last_exponent": exponent(sizes[-2:], ms[-2:]),
    }


def exponent(sizes, ms):
    """The p of the power law size^p through times: 0 where they do not grow, 1 in proportion."""
    return round(float(np.polyfit(np.log(sizes), np.log(ms), 1)[0]), 3)


def peak(axis, size):
    """The peak memory, in MiB, of a process that takes steps of this size."""
    command = [sys.executable, "-m", __name__, axis, str(size)]
    done = subprocess.run(command, cwd=runs.ROOT, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def main(axis, size):
    # One batch of examples, because they are not measured.
    step = workload(axis, int(size), max(AXES["batch"])).steps(1)
    for _ in range(10):
        step()
    # Not `getrusage`, whose peak starts at that of the parent process.
    status = pathlib.Path("/proc/self/status").read_text(encoding="ascii")
    print(int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) / 1024)


if __name__ == "__main__":
    main(*sys.argv[1:])
