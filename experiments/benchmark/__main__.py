"""Times training and prediction: python -m experiments.benchmark [--quick] [--record].

Prints tables, then one JSON object. Everything runs on one core and is timed by the CPU seconds of
the process, or on a GPU and by the wall clock, if there is one. Candidates take turns, and a ratio
is the median over turns. With --record, the object is added to experiments/results/benchmark.jsonl;
`python -m experiments.performance` makes the tables of docs/performance.md from there.
"""

import json
import os
import platform
import sys
import time
from importlib import metadata

from absl import app, flags

# Before TensorFlow and PyTorch start.
for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ[variable] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# TensorFlow, PyTorch and JAX share a GPU's memory.
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import tensorflow as tf  # noqa: E402

from experiments import runs  # noqa: E402
from experiments.benchmark import report, sections, timing  # noqa: E402

flags.DEFINE_bool("quick", False, "Few sizes and repetitions: does it run?")
flags.DEFINE_bool("record", False, "Add the result to experiments/results/benchmark.jsonl.")
flags.DEFINE_list("sections", sections.DEFAULT, f"Which parts, of {', '.join(sections.ALL)}.")


def machine():
    """What the numbers depend on besides the code."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    found = {"processor": models[0] if models else platform.processor(), "cores": os.cpu_count()}
    if timing.on_gpu():
        device = tf.config.list_physical_devices("GPU")[0]
        found["gpu"] = tf.config.experimental.get_device_details(device)["device_name"]
    return found


def versions():
    """Versions of the libraries that compute."""
    found = {"python": platform.python_version()}
    for package in ("tensorflow", "keras", "numpy", "torch", "jax"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = None
    return found


def cpu_seconds():
    """CPU seconds that this process and its children have taken so far."""
    return sum(os.times()[:4])


def main(argv):
    if len(argv) > 1:
        sys.exit(f"unexpected argument {argv[1]!r}; options start with --")
    options = flags.FLAGS
    if unknown := set(options.sections) - set(sections.ALL):
        sys.exit(f"no section {', '.join(sorted(unknown))}; there are {', '.join(sections.ALL)}")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    given = [f"--sections={','.join(options.sections)}"] if options["sections"].present else []
    result = {
        "command": runs.line("experiments.benchmark", ["--quick"] * options.quick + given),
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine(),
        "versions": versions(),
        "commit": runs.commit(),
        "clock": timing.clock(),
    }
    start, cpu = time.monotonic(), cpu_seconds()
    for name in options.sections:
        result[name] = sections.ALL[name](options.quick)
        print(f"\n{name}\n{report.TABLES[name](result)}", flush=True)
    result["wall_per_cpu"] = round((time.monotonic() - start) / (cpu_seconds() - cpu), 2)
    if options.record:
        runs.record("benchmark", result)
    print()
    print(json.dumps(result))


if __name__ == "__main__":
    app.run(main)
