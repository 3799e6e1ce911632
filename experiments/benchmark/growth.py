"""How the cost of ALEN's training step grows with T, batch, labels, features and width."""

import numpy as np

from experiments.benchmark import timing
from experiments.benchmark.workloads import BIBTEX, Workload

AXES = {
    "refinement steps": (0, 2, 4, 8, 16),
    "batch": (10, 20, 40, 80, 160),
    "labels": (100, 200, 500, 1000, 2000, 4000),
    "features": (500, 1000, 2000, 4000, 8000),
    "hidden units": (50, 150, 300, 600),
}


def workload(axis, size):
    """ALEN on Bibtex's shapes, but for one size."""
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
    return Workload("bibtex/alen", shape, params, count=10 * max(AXES["batch"]))


def measure(axis, sizes, count, repetitions):
    """Milliseconds per step for every size of an axis.

    Returns:
      {"sizes", "ms": one number per size, "ms_per_unit": slope of the straight line through the
      times, "ms_at_zero": where it begins, "r2": the share of their variance that it explains}.
    """
    functions = {size: workload(axis, size).steps(count) for size in sizes}
    for function in functions.values():
        function()  # traces
    seconds = timing.interleaved(functions, repetitions)
    ms = [1e3 * seconds[size] / count for size in sizes]
    slope, intercept = np.polyfit(sizes, ms, 1)
    rest = np.var(ms - (slope * np.array(sizes) + intercept)) / np.var(ms)
    return {
        "sizes": list(sizes),
        "ms": [round(value, 4) for value in ms],
        "ms_per_unit": float(f"{slope:.4g}"),
        "ms_at_zero": round(float(intercept), 4),
        "r2": round(float(1 - rest), 4),
    }
