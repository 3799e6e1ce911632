"""Training on more rows than memory should hold: python -m experiments.extreme --rows=1000000.

Generates rows with the statistics of large public sets for extreme classification, in which words
and labels follow power laws, and writes them as shards. Then it trains gin/own/sharded.gin on them
for an epoch, and records rows per second and the peak memory of every command in
experiments/results/scaling.jsonl, with the F1 of the same training in memory where --in_memory. The
table goes into docs/guide/large-data.md.
"""

import json
import pathlib
import subprocess
import sys
import time

import numpy as np
from absl import app, flags

from experiments import documents, runs

flags.DEFINE_integer("rows", 1_000_000, "Number of rows.")
flags.DEFINE_integer("words", 100_000, "Number of words.")
flags.DEFINE_integer("labels", 1000, "Number of labels.")
flags.DEFINE_bool("in_memory", False, "Also train on the same rows in memory.")
flags.DEFINE_string("folder", "runs/extreme", "Folder for rows, shards and runs.")

OF_LABEL = 30  # words that tell a label
SHARE = 0.5  # of a row's words that its labels draw
WORDS = 40  # of a row, on average, counting repeated ones
PART = 10_000  # rows that are generated at once
SMALL = (  # networks that learn in a few steps, each of which updates the weights of all words
    "train.epochs = 1",
    "train.batch_size = 1024",
    "MLP.hidden_units = 64",
    "MLPEnergy.hidden_units = 16",
    "energy/adam.learning_rate = 3e-3",
    "inference/adam.learning_rate = 3e-3",
)


def zipf(count):
    """The probabilities 1 / (k + 10) of ranks k, normalised, [count]."""
    share = 1.0 / (np.arange(count) + 10.0)
    return share / share.sum()


def generated(rows, words, labels, seed=0):
    """Yields lines in libsvm format: labels and distinct words of a row.

    A row has 1 + Poisson(1) labels. A word is one of those that tell its labels, or any word.
    """
    random = np.random.default_rng(seed)
    tells = random.choice(words, (labels, OF_LABEL))
    of_labels, of_words = (np.cumsum(zipf(count)) for count in (labels, words))
    tokens = [f" {word + 1}:1" for word in range(words)]
    for start in range(0, rows, PART):
        size = min(PART, rows - start)
        counts = 1 + random.poisson(1.0, size)
        lengths = 5 + random.poisson(WORDS - 5, size)
        drawn = _drawn(random, of_labels, counts.sum())
        row_of_word = np.repeat(np.arange(size), lengths)
        of_row = np.cumsum(counts) - counts
        chosen = of_row[row_of_word] + random.integers(counts[row_of_word])
        told = tells[drawn[chosen], random.integers(OF_LABEL, size=len(chosen))]
        word = np.where(
            random.random(len(chosen)) < SHARE, told, _drawn(random, of_words, len(chosen))
        )
        sets = np.split(drawn, of_row[1:])
        for those, found in zip(sets, np.split(word, np.cumsum(lengths)[:-1]), strict=True):
            yield ",".join(map(str, sorted(set(those.tolist())))) + "".join(
                map(tokens.__getitem__, np.unique(found))
            )


def _drawn(random, cumulated, count):
    """Ranks drawn with probabilities that are `cumulated`."""
    return np.searchsorted(cumulated, random.random(count) * cumulated[-1], side="right")


def measured(module, *options):
    """The seconds that a command took, those of CPU time, and its peak memory in bytes."""
    start = time.monotonic()
    command = [sys.executable, "-c", _REPORTING, f"alen_tf.{module}", *map(str, options)]
    done = subprocess.run(command, cwd=runs.ROOT, stdout=subprocess.PIPE, text=True, check=True)
    *_, last = done.stdout.splitlines()
    return {"seconds": round(time.monotonic() - start, 1)} | json.loads(last)


# Runs a module, and prints what its process took at the end.
_REPORTING = """
import atexit, json, resource, runpy, sys

def report():
    used = resource.getrusage(resource.RUSAGE_SELF)
    unit = 1 if sys.platform == "darwin" else 1024
    seconds = round(used.ru_utime + used.ru_stime, 1)
    print(json.dumps({"cpu_seconds": seconds, "peak_bytes": used.ru_maxrss * unit}), flush=True)

atexit.register(report)
sys.argv[:1] = []
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def trained(workdir, params):
    """Trains, and returns what `measured` does, with the result's scores and rows per second."""
    options = [f"--gin_param={param}" for param in params]
    found = measured(
        "train", "--gin_file=gin/own/sharded.gin", *options, f"--workdir={workdir}", "--restart"
    )
    result = json.loads((workdir / "results.json").read_text(encoding="utf-8"))
    return found | {
        "rows_per_second": result["examples_per_second"],
        "test_f1": result["test"]["tuned"]["refined"],
        "test_f1_of_g": result["test"]["tuned"]["inference_network"],
    }


def table():
    """The recorded runs, as Markdown."""
    lines = []
    for record in runs.recorded("scaling").values():
        if "streamed" not in record:
            continue
        lines += [
            [
                *(f"{record[name]:,}" for name in ("rows", "words", "labels")),
                {"streamed": "shards", "in_memory": "memory"}[kind],
                f"{record['rows'] / record[kind]['cpu_seconds']:,.0f}",
                f"{record[kind]['peak_bytes'] / 1e9:.2f}",
                f"{100 * record[kind]['test_f1']:.1f}",
            ]
            for kind in ("streamed", "in_memory")
            if kind in record
        ]
    header = [
        "rows",
        "words",
        "labels",
        "training rows in",
        "rows per CPU second",
        "peak, GB",
        "test F1",
    ]
    return runs.markdown(header, lines)


def main(argv):
    del argv
    if not flags.FLAGS.check:
        measure(flags.FLAGS)
    documents.update("docs/guide/large-data.md", {"extreme": table})
    print(table())


def measure(options):
    """Generates, writes and trains, and records it."""
    made_by = runs.commit()
    folder = pathlib.Path(options.folder).absolute()
    folder /= f"{options.rows}-{options.words}-{options.labels}"
    folder.mkdir(parents=True, exist_ok=True)
    rows, shards = folder / "rows.svm", folder / "shards"
    if not rows.exists():
        with rows.open("w", encoding="utf-8") as file:
            for line in generated(options.rows, options.words, options.labels):
                file.write(line + "\n")
    sizes = {name: options[name].value for name in ("rows", "words", "labels")}
    given = [f"--{name}={size}" for name, size in sizes.items()]
    given += ["--in_memory"] * options.in_memory
    result = {"command": runs.line("experiments.extreme", given), "commit": made_by} | sizes
    if not shards.exists():
        result["writing"] = measured("shards", f"--input={rows}", f"--output={shards}")
    params = [f"shards.folder = '{shards}'", *SMALL]
    result["streamed"] = trained(folder / "streamed", params)
    if options.in_memory:
        params.append("shards.in_memory = True")
        result["in_memory"] = trained(folder / "in_memory", params)
    runs.record("scaling", result)


if __name__ == "__main__":
    app.run(main)
