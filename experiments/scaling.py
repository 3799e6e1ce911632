"""What a training step costs on more workers: python -m experiments.scaling.

Times ALEN's step on Bibtex's shapes for growing batches, on one device and on two processes that
communicate over the loopback interface, and predicts the time on 8 and 64 machines. The record is
experiments/results/scaling.jsonl; the table goes into docs/scaling.md.
"""

import contextlib
import itertools
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import time

from absl import app, flags

from experiments import documents, runs

flags.DEFINE_integer("seconds", 5, "How long each batch size is timed.")
flags.DEFINE_string("measure", None, "For the processes that this one starts: the strategy.")

BATCHES = (20, 80, 320, 1280)
FEATURES, LABELS = 1836, 159
GIGABITS = 10  # per second, of the assumed network
WORKERS = (1, 2, 8, 64)


def measure(strategy, seconds):
    """Medians of the time of a step, and the bytes of gradients that workers exchange in it.

    Args:
      strategy: of `alen_tf.training.distribution.Workers`.
      seconds: how long each batch size is timed.

    Returns:
      {"seconds_per_step": {batch size: seconds}, "gradient_bytes": bytes}.
    """
    from alen_tf.training.distribution import Workers

    workers = Workers(strategy)  # before anything else that TensorFlow is asked for

    import gin
    import numpy as np

    from alen_tf.datasets.splits import Examples
    from alen_tf.training import config, trainer
    from alen_tf.training.loop import Batches, Loop
    from experiments.benchmark.workloads import compiled

    random = np.random.default_rng(0)
    x = (random.random((max(BATCHES) * 4, FEATURES)) < 0.04).astype(np.float32)
    y = (random.random((len(x), LABELS)) < 0.015).astype(np.float32)
    examples, times = Examples(x, y), {}
    for size in BATCHES:
        config.parse(["gin/bibtex/alen.gin"])
        with workers.strategy.scope():
            root = gin.get_bindings(trainer.train)
            model = compiled(root, x.shape, y.shape, total_steps=1000)
            loop = Loop(model, Batches(examples, size, seed=0), workers)
            loop.epoch(0)  # traces
            taken, end = [], time.monotonic() + seconds
            for epoch in itertools.count(1):
                start = time.perf_counter()
                loop.epoch(epoch)
                taken.append((time.perf_counter() - start) / loop.batches.per_epoch)
                if workers.mean(time.monotonic() - end) > 0 and len(taken) > 2:
                    break
        times[size] = statistics.median(taken)
    bytes_of_gradients = 4 * sum(int(np.prod(each.shape)) for each in model.trainable_variables)
    return {"seconds_per_step": times, "gradient_bytes": bytes_of_gradients}


def measured(workers):
    """The result of `measure` in the first of this many processes, each on its own core."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(workers)]
        for probe in probes:
            probe.bind(("localhost", 0))
        hosts = [f"localhost:{probe.getsockname()[1]}" for probe in probes]
    cores, processes = sorted(os.sched_getaffinity(0)), []
    for index in range(workers):
        task = {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}}
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "experiments.scaling", f"--seconds={flags.FLAGS.seconds}"),
                f"--measure={'multi_worker' if workers > 1 else 'one'}",
            ],
            cwd=runs.ROOT,
            env=os.environ | {"TF_CONFIG": json.dumps(task)},
            stdout=subprocess.PIPE,
            text=True,
        )
        os.sched_setaffinity(process.pid, {cores[index % len(cores)]})
        processes.append(process)
    printed = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        sys.exit("a process that was to be timed failed")
    result = json.loads(printed[0].splitlines()[-1])
    result["seconds_per_step"] = {int(k): v for k, v in result["seconds_per_step"].items()}
    return result


def foretold(record, batch, workers):
    """Milliseconds of a step of `workers` machines: (their share of the batch, the exchange).

    A ring adds up gradients in 2 (n - 1) rounds, each of which sends a share 1/n of them. The fixed
    cost of a round is measured on two processes.
    """
    one = {int(size): seconds for size, seconds in record["one"].items()}
    two = {int(size): seconds for size, seconds in record["two"].items()}
    round_trip = statistics.median(two[b] - _between(one, b / 2) for b in two) / 2
    sent = record["gradient_bytes"] / workers / (GIGABITS * 1e9 / 8)
    exchange = 2 * (workers - 1) * (round_trip + sent)
    return 1e3 * _between(one, batch / workers), 1e3 * exchange


def _between(times, size):
    """The time for a batch size, by linear interpolation and extrapolation."""
    import numpy as np

    slope, start = np.polyfit(list(times), list(times.values()), 1)
    nearest = np.interp(size, list(times), list(times.values()))
    return float(nearest if size >= min(times) else max(start + slope * size, 0.0))


def table():
    """Step times and examples per second, as Markdown."""
    records = runs.recorded("scaling").values()
    (record,) = [each for each in records if "two" in each][-1:]
    lines = []
    for batch in record["one"]:
        for workers in WORKERS:
            if int(batch) < workers:
                continue
            compute, exchange = foretold(record, int(batch), workers)
            found = {1: record["one"], 2: record["two"]}.get(workers)
            lines.append(
                [
                    batch,
                    str(workers),
                    f"{1e3 * found[batch]:.1f}" if found else "-",
                    f"{compute:.1f}",
                    f"{exchange:.1f}",
                    f"{int(batch) / (compute + exchange) * 1e3:,.0f}",
                ]
            )
    return runs.markdown(
        [
            *("batch", "workers", "measured, ms", "share of the batch, ms", "exchange, ms"),
            "examples per second",
        ],
        lines,
    )


def main(argv):
    del argv
    options = flags.FLAGS
    if options.measure:
        print(
            json.dumps(
                measure(None if options.measure == "one" else "multi_worker", options.seconds)
            )
        )
        return
    if not options.check:
        one, two = measured(1), measured(2)
        result = {
            "command": runs.line("experiments.scaling", [f"--seconds={options.seconds}"]),
            "processor": platform.processor() or platform.machine(),
            "gradient_bytes": one["gradient_bytes"],
            "one": one["seconds_per_step"],
            "two": two["seconds_per_step"],
        }
        runs.record("scaling", result)
    documents.update("docs/scaling.md", {"scaling": table})
    print(table())


if __name__ == "__main__":
    app.run(main)
