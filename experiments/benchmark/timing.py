"""Comparable times: of functions that take turns, on one core."""

import statistics
import time

CLOCK = "CPU seconds of one process on one core"  # other processes hardly disturb them


def interleaved(functions, repetitions):
    """Median seconds of functions, over repetitions that take turns.

    Args:
      functions: functions without arguments by name; each is called once before, to compile.
      repetitions: calls of each that are timed.

    Returns:
      {name: seconds}.
    """
    for function in functions.values():
        function()
    times = {name: [] for name in functions}
    for _ in range(repetitions):
        for name, function in functions.items():
            start = time.process_time()
            function()
            times[name].append(time.process_time() - start)
    return {name: statistics.median(found) for name, found in times.items()}
