"""Comparable times of functions that take turns: CPU seconds on one core, or wall-clock seconds on
a GPU."""

import statistics
import time

import tensorflow as tf

CPU_CLOCK = "CPU seconds of one process on one core"  # other processes hardly disturb them
GPU_CLOCK = "wall-clock seconds, until the GPU has finished"


def on_gpu():
    """Whether TensorFlow computes on a GPU."""
    return bool(tf.config.list_physical_devices("GPU"))


def clock():
    """What times are measured by, in words."""
    return GPU_CLOCK if on_gpu() else CPU_CLOCK


def turns(functions, repetitions):
    """Seconds of functions that take turns.

    Args:
      functions: functions without arguments by name; each is called once before, to compile.
      repetitions: calls of each that are timed.

    Returns:
      {name: [seconds of each call]}.
    """
    now = time.perf_counter if on_gpu() else time.process_time
    for function in functions.values():
        function()
    times = {name: [] for name in functions}
    for _ in range(repetitions):
        for name, function in functions.items():
            start = now()
            function()
            if on_gpu():
                tf.test.experimental.sync_devices()
            times[name].append(now() - start)
    return times


def interleaved(functions, repetitions):
    """The medians of `turns`, {name: seconds}."""
    found = turns(functions, repetitions)
    return {name: statistics.median(seconds) for name, seconds in found.items()}


def against_first(seconds):
    """Milliseconds, and times relative to the first one's of the same turn.

    Args:
      seconds: {name: [seconds of each turn]}.

    Returns:
      {"ms": {name: median}, "relative": {name: median}, "spread": {name: the quartiles of relative
      times, [low, high]}}.
    """
    first, *_ = seconds.values()
    ratios = {
        name: sorted(own / other for own, other in zip(found, first, strict=True))
        for name, found in seconds.items()
    }
    return {
        "ms": {name: round(1e3 * statistics.median(found), 4) for name, found in seconds.items()},
        "relative": {name: round(statistics.median(found), 3) for name, found in ratios.items()},
        "spread": {name: _quartiles(found) for name, found in ratios.items()},
    }


def _quartiles(values):
    if len(values) < 2:
        return [round(each, 3) for each in (values[0], values[0])]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return [round(low, 3), round(high, 3)]
