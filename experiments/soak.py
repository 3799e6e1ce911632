"""Trains and evaluates for an hour, and watches the process: python -m experiments.soak.

Reads memory, open files and threads of the training command every ten seconds. The first half of
the time is a warm-up, in which the allocator of TensorFlow's threads grows. After that, mean memory
may grow by at most 2% from the next tenth of the time to the last tenth, and the usual number of
files and threads must not grow. (A checkpoint or an event file is open for a moment now and then.)
The record is experiments/results/soak.jsonl.
"""

import itertools
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from absl import app, flags

from experiments import runs

flags.DEFINE_float("minutes", 60.0, "How long.")
flags.DEFINE_float("interval", 10.0, "Seconds between readings.")

GROWTH = 0.02
RUN = runs.Run("gin/digits/alen.gin", 0, ("train.epochs = 1000000",))


def reading(process):
    """Resident memory in MB, open files and threads of a process, as Linux reports them."""
    folder = pathlib.Path("/proc", str(process))
    status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
    return {
        "memory": int(status["VmRSS"].split()[0]) / 1024,
        "files": len(os.listdir(folder / "fd")),
        "threads": int(status["Threads"]),
    }


def judge(readings):
    """Compares the time after the warm-up with the end.

    Args:
      readings: a list of `reading`, at equal intervals, at least twenty.

    Returns:
      {"memory_mb": [after warm-up, end], "growth": share, "files": [...], "threads": [...],
      "steady": bool, "memory_by_tenth_mb": [mean of each tenth of the time]}.
    """
    tenth = len(readings) // 10
    ends = readings[-5 * tenth : -4 * tenth], readings[-tenth:]
    memory = [statistics.mean(reading["memory"] for reading in end) for end in ends]
    counts = {
        name: [statistics.median_high(reading[name] for reading in end) for end in ends]
        for name in ("files", "threads")
    }
    growth = memory[1] / memory[0] - 1
    steady = growth < GROWTH and all(last <= first for first, last in counts.values())
    return {
        "memory_mb": [round(value, 1) for value in memory],
        "growth": round(growth, 5),
        **counts,
        "steady": steady,
        "memory_by_tenth_mb": [
            round(statistics.mean(r["memory"] for r in readings[i * tenth : (i + 1) * tenth]), 1)
            for i in range(10)
        ],
    }


def main(argv):
    del argv
    options = flags.FLAGS
    with tempfile.TemporaryDirectory() as folder:
        workdir, log = pathlib.Path(folder, "run"), pathlib.Path(folder, "log")
        with log.open("w") as output:
            training = subprocess.Popen(
                [sys.executable, "-m", "alen_tf.train", *RUN.options, f"--workdir={workdir}"],
                cwd=runs.ROOT,
                stdout=output,
                stderr=output,
            )
        readings, end = [], time.monotonic() + 60 * options.minutes
        for count in itertools.count():
            time.sleep(options.interval)
            if training.poll() is not None:
                sys.exit(f"the training ended: {log.read_text().splitlines()[-1]}")
            readings.append(reading(training.pid))
            if count % 30 == 0:
                print(readings[-1], flush=True)
            if time.monotonic() > end and len(readings) >= 20:
                break
        training.send_signal(signal.SIGTERM)
        asked = time.monotonic()
        status = training.wait(timeout=300)
        seconds = time.monotonic() - asked
        saved = max(int(path.name) for path in (workdir / "checkpoints/latest").glob("[0-9]*"))
    result = {
        "command": runs.line("experiments.soak", [f"--minutes={options.minutes:g}"]),
        "minutes": options.minutes,
        "readings": len(readings),
        "training_steps": saved,
        **judge(readings),
        "exit_status": status,
        "seconds_to_leave": round(seconds, 2),
    }
    runs.record("soak", result)
    print(result)
    if not result["steady"]:
        sys.exit("memory, files or threads have grown")


if __name__ == "__main__":
    app.run(main)
