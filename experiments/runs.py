"""Runs of the training command, recorded: one JSON line per run, never run twice."""

import json
import pathlib
import shlex
import statistics
import subprocess
import sys

from absl import flags

ROOT = pathlib.Path(__file__).parent.parent
RESULTS = ROOT / "experiments" / "results"

flags.DEFINE_string("manual_dir", None, "Folder with the data sets' files; see alen_tf.train.")
flags.DEFINE_string("data_dir", None, "Folder of prepared data sets; see alen_tf.train.")
flags.DEFINE_string("workdirs", "runs", "Folder of the runs' workdirs.")
flags.DEFINE_bool("run", True, "Train what is not recorded yet; --norun only reads.")


def recorded(name):
    """The recorded runs of `experiments/results/NAME.jsonl`, a list of `results.json` objects."""
    file = RESULTS / f"{name}.jsonl"
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def train(name, gin_file, seed, params=()):
    """The result of a training run: from the record, or trained now and added to it.

    Args:
      name: record to look in and to add to.
      gin_file: configuration, relative to the repository.
      seed: the run's seed.
      params: further gin bindings.

    Returns:
      The run's `results.json` object, or None where it is not recorded and --norun was given.
    """
    options = [f"--gin_file={gin_file}"]
    options += [f"--gin_param={param}" for param in (f"train.seed = {seed}", *params)]
    command = shlex.join(["python", "-m", "alen_tf.train", *options])
    for result in recorded(name):
        if result["command"] == command:
            return result
    if not flags.FLAGS.run:
        return None
    suffix = "".join(f",{param.replace(' ', '')}" for param in params)
    stem = f"{pathlib.Path(gin_file).parent.name}-{pathlib.Path(gin_file).stem}"
    workdir = pathlib.Path(flags.FLAGS.workdirs) / name / f"{stem}-{seed}{suffix}"
    places = [f"--workdir={workdir}"]
    places += [
        f"--{flag}={flags.FLAGS[flag].value}"
        for flag in ("manual_dir", "data_dir")
        if flags.FLAGS[flag].value
    ]
    print(command, flush=True)
    done = subprocess.run([sys.executable, "-m", "alen_tf.train", *options, *places], cwd=ROOT)
    if done.returncode:
        sys.exit(done.returncode)
    result = json.loads((ROOT / workdir / "results.json").read_text(encoding="utf-8"))
    result["command"] = command  # without the places of one machine
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / f"{name}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(result) + "\n")
    return result


def mean_and_spread(values):
    """Mean and sample standard deviation of scores as text, in percent: "46.41 +- 0.32"."""
    values = [100 * value for value in values]
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.2f} ± {spread:.2f}"


def markdown(header, rows):
    """A Markdown table of text cells."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
