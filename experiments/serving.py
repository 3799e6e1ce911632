"""Latency and throughput of a served model: python -m experiments.serving [--check].

Exports ALEN on the shapes of Bibtex, and its g alone, with the weights they start with, serves each
SavedModel by examples/grpc_server.py in a process of its own, and asks both in turns. The record is
experiments/results/serving.jsonl; the table goes into docs/serving.md. TensorFlow Serving is not
measured: it is not a Python package.
"""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
from absl import app, flags

from experiments import documents, runs

flags.DEFINE_bool("quick", False, "Few requests: does it run? Records nothing.")

# Rows of a request: one for latency, 64 for the price of refinement, 512 for throughput.
ROWS = (1, 64, 512)
REQUESTS = {1: 2000, 64: 400, 512: 40}
THROUGHPUT = 10_000


def export(folder):
    """Writes both SavedModels; their folders by name."""
    from alen_tf.evaluation.signature import Signature
    from alen_tf.evaluation.trained_model import TrainedModel
    from alen_tf.models.feed_forward import FeedForward
    from alen_tf.serving import saved_model
    from experiments.benchmark.workloads import BIBTEX, Workload

    alen = Workload("bibtex/alen", count=64).model
    g = FeedForward(alen.inference_network, preprocessing=alen.preprocessing)
    g.build(alen.x_shape, alen.y_shape)
    names = tuple(str(label) for label in range(BIBTEX.output[0]))
    signature = Signature(BIBTEX.input, BIBTEX.output, names)
    folders = {"g alone": folder / "g", "ALEN": folder / "alen"}
    for model, place in zip((g, alen), folders.values(), strict=True):
        saved_model.save(TrainedModel(model, signature), place)
    return folders


@contextlib.contextmanager
def server(folder):
    """Yields the port of a server in a process of its own."""
    command = [sys.executable, "examples/grpc_server.py", str(folder), "--port=0"]
    process = subprocess.Popen(command, cwd=runs.ROOT, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        if not line:
            sys.exit(f"{' '.join(command)} failed")
        yield int(line.rsplit(":", 1)[1])
    finally:
        process.terminate()
        process.wait()


def measure(quick):
    """Milliseconds of requests by model and number of rows, in turns."""
    from examples.grpc_server import Client
    from experiments.benchmark.workloads import BIBTEX

    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        clients = {
            name: Client(stack.enter_context(server(place)))
            for name, place in export(pathlib.Path(folder)).items()
        }
        found = {name: {} for name in clients}
        for rows in ROWS:
            x = BIBTEX.examples(rows).x.astype(np.float32)
            times = {name: [] for name in clients}
            for number in range(5 if quick else REQUESTS[rows] + 20):
                for name, client in clients.items():
                    start = time.perf_counter()
                    client.labels(x)
                    if number >= 3:  # the first ones wake everything up
                        times[name].append(1e3 * (time.perf_counter() - start))
            for name, each in times.items():
                p50, p99 = np.percentile(each, (50, 99)).round(3)
                found[name][str(rows)] = {"p50": float(p50), "p99": float(p99)}
        x = BIBTEX.examples(512 if quick else THROUGHPUT).x.astype(np.float32)
        for name, client in clients.items():
            start = time.perf_counter()
            for first in range(0, len(x), ROWS[-1]):
                client.labels(x[first : first + ROWS[-1]])
            found[name]["rows_per_second"] = round(len(x) / (time.perf_counter() - start))
    return found


def table():
    """Latency and throughput, as Markdown."""
    records = list(runs.recorded("serving").values())
    if not records:
        return "not measured yet"
    record = records[-1]
    found, g = record["found"], record["found"]["g alone"]
    rows = [
        [
            name,
            *(f"{each[str(size)]['p50']:.2f}, {each[str(size)]['p99']:.2f}" for size in ROWS),
            f"{each['64']['p50'] / g['64']['p50']:.2f}",
            f"{each['rows_per_second']:,}",
        ]
        for name, each in found.items()
    ]
    header = ["served", *(f"{size} row{'s' * (size > 1)}: p50, p99, ms" for size in ROWS)]
    header += ["p50 of 64 rows, g alone = 1", "10,000 rows, rows/s"]
    busy = "; other programs used the machine" if record["load"] > 1.5 else ""
    cores = "one core" if record["cores"] == 1 else f"{record['cores']} cores"
    where = (
        f"*gRPC, servers and client on {cores}, commit {record['commit']}, {record['date']}{busy}*"
    )
    return f"{runs.markdown(header, rows)}\n\n{where}"


def main(argv):
    del argv
    options = flags.FLAGS
    if not options.check:
        record = {
            "command": runs.line("experiments.serving", []),
            "date": time.strftime("%Y-%m-%d"),
            "commit": runs.commit(),
            "cores": len(os.sched_getaffinity(0)),
            "load": round(os.getloadavg()[0], 2),
            "found": measure(options.quick),
        }
        if options.quick:
            print(json.dumps(record))
            return
        runs.record("serving", record)
    documents.update("docs/serving.md", {"serving": table})


if __name__ == "__main__":
    app.run(main)
