"""Runs of the training command, recorded: one JSON line per run, never run twice."""

import concurrent.futures
import json
import os
import pathlib
import shlex
import statistics
import subprocess
import sys
import threading
from typing import NamedTuple

from absl import flags

from alen_tf.cli import command_line

ROOT = pathlib.Path(__file__).parent.parent
RECORDS = "experiments/results"
RESULTS = pathlib.Path(os.environ.get("ALEN_TF_RECORDS", ROOT / RECORDS))
# Bindings in commands of version 0.1, and their new names, which `recorded` returns.
RENAMED = {
    "GradientAscent.normalize = True": 'GradientAscent.norm = "l2"',
    "ImageViews.": "TestTimeAugmentation.",
    "lfw_parts.finer =": "lfw_parts.high_res =",
    "train.choose_from =": "train.select_after =",
}
_LOCK = threading.Lock()  # runs end on several threads

flags.adopt_module_key_flags(command_line)  # --manual_dir, --data_dir
flags.DEFINE_string("workdirs", "runs", "Folder of the runs' workdirs.")
flags.DEFINE_bool("run", True, "Train what is not recorded yet; --norun only reads.")
flags.DEFINE_list("methods", None, "Only these rows of the table; all by default.")
flags.DEFINE_integer("jobs", 1, "Runs at a time, each on its share of the cores.", lower_bound=1)


class Run(NamedTuple):
    """A training run: a gin file, relative to the repository, a seed, and further gin bindings."""

    gin_file: str
    seed: int
    params: tuple[str, ...] = ()

    @property
    def options(self):
        """The options of the training command, without machine-specific paths."""
        params = (f"train.seed = {self.seed}", *self.params)
        return [f"--gin_file={self.gin_file}", *(f"--gin_param={param}" for param in params)]

    @property
    def command(self):
        """The training command as a line of shell."""
        return line("alen_tf.train", self.options)

    def workdir(self, name):
        """The workdir of a run of record `name`."""
        path = pathlib.PurePath(self.gin_file)
        changes = "".join(f",{param.replace(' ', '').replace('/', '.')}" for param in self.params)
        folder = f"{path.parent.name}-{path.stem}{changes}-{self.seed}"
        return (pathlib.Path(flags.FLAGS.workdirs) / name / folder).absolute()


def line(module, options):
    """A command as a line of shell."""
    return shlex.join(["python", "-m", module, *options])


def recorded(name):
    """The record `experiments/results/NAME.jsonl`: `results.json` objects by command."""
    file = RESULTS / f"{name}.jsonl"
    if not file.exists():
        return {}
    results = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    return {renamed(result["command"]): result for result in results}


def renamed(command):
    """A recorded command with the names that gin bindings have now."""
    for old, new in RENAMED.items():
        command = command.replace(old, new)
    return command


def record(name, result):
    """Adds a result to the record `experiments/results/NAME.jsonl`."""
    RESULTS.mkdir(exist_ok=True)
    with _LOCK, (RESULTS / f"{name}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(result) + "\n")


def measured(name, command, measure):
    """The entry of a command in the record `name`. A missing one is made now by `measure()`, with
    the commit of the code that ran; with --norun it is None."""
    done = recorded(name)
    if command not in done and flags.FLAGS.run:
        print(command, flush=True)
        made_by = {"command": command, "commit": commit()}
        record(name, made_by | measure())
    return (done if command in done else recorded(name)).get(command)


def train(name, wanted):
    """The results of runs, from the record; missing ones are trained now and recorded.

    Args:
      name: record to look in and to add to.
      wanted: a list of `Run`.

    Returns:
      A list of `results.json` objects; None for a run that is not recorded, given --norun.
    """
    done = recorded(name)
    missing = [run for run in wanted if run.command not in done] if flags.FLAGS.run else []

    def train_and_record(run):
        result = _train(run, run.workdir(name))
        record(name, result)
        return run.command, result

    with concurrent.futures.ThreadPoolExecutor(flags.FLAGS.jobs) as pool:
        done |= dict(pool.map(train_and_record, missing))
    return [done.get(run.command) for run in wanted]


def trained_workdir(name, run):
    """The workdir of a run of record `name`; trained again if it is not on this machine."""
    workdir = run.workdir(name)
    if not (workdir / "results.json").exists():
        _train(run, workdir)
    return workdir


def places():
    """Options for the data folders of this machine."""
    return [
        f"--{flag}={pathlib.Path(flags.FLAGS[flag].value).absolute()}"
        for flag in ("manual_dir", "data_dir")
        if flags.FLAGS[flag].value
    ]


def _train(run, workdir):
    """Trains in a process of its own; its output goes to WORKDIR.log."""
    made_by = commit()
    options = [f"--workdir={workdir}", *places()]
    threads = str(max(1, (os.cpu_count() or 1) // flags.FLAGS.jobs))
    variables = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    workdir.parent.mkdir(parents=True, exist_ok=True)
    log = workdir.with_name(workdir.name + ".log")
    print(run.command, flush=True)
    with log.open("w", encoding="utf-8") as output:
        status = subprocess.run(
            [sys.executable, "-m", "alen_tf.train", *run.options, *options],
            cwd=ROOT,
            env=os.environ | dict.fromkeys(variables, threads),
            stdout=output,
            stderr=output,
        ).returncode
    if status:
        sys.exit(f"{run.command} failed with exit status {status}; see {log}")
    result = json.loads((workdir / "results.json").read_text(encoding="utf-8"))
    return result | {"command": run.command, "commit": made_by}


def commit():
    """The commit, with "-dirty" if files other than the records differ from it."""
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", f":!{RECORDS}")
    return git("describe", "--always", "--abbrev=12") + "-dirty" * bool(changed) or "unknown"


def git(*arguments):
    """The output of git, "" if it fails."""
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def show(name, table, draw):
    """Prints a table, and saves the figure of the record `name` if it has entries."""
    print(table())
    if recorded(name):
        save(draw(), name)


def save(figure, name):
    """Writes a figure to `docs/NAME.png`."""
    path = ROOT / "docs" / f"{name}.png"
    figure.savefig(path, dpi=120)
    print(path.relative_to(ROOT))


def mean_and_spread(values, digits=2):
    """Mean and sample standard deviation of scores as text, in percent: "46.41 ± 0.32", or only the
    mean if there is one score."""
    values = [100 * value for value in values]
    mean = f"{statistics.mean(values):.{digits}f}"
    return f"{mean} ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else mean


def scores(results, key):
    """Cells of a table: validation F1, test F1, test F1 at the tuned threshold, number of runs.

    Args:
      results: `results.json` objects; None for a run that is not recorded.
      key: "refined" or "inference_network".
    """
    results = [result for result in results if result is not None]
    if not results:
        return ["not run", "not run", "not run", "0"]
    cells = (
        [result["validation"][key] for result in results],
        [result["test"][key] for result in results],
        [result["test"]["tuned"][key] for result in results],
    )
    return [*map(mean_and_spread, cells), str(len(results))]


def markdown(header, rows):
    """A Markdown table of text cells."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
