"""Writes the card of every gin file, its first lines: python -m experiments.cards.

A card has the command that runs the file and, from experiments/results, the test score (mean and
standard deviation over seeds), the median training time, and the commit. `--check` writes nothing;
it lists the files whose card is stale and the values that have no comment.
"""

import pathlib
import re
import statistics
import sys
from typing import NamedTuple

from absl import app, flags

from experiments import (
    cross_fitted,
    digits,
    documents,
    min_max,
    mulan,
    runs,
    segmentation,
    table1,
    table2,
    table3,
)

flags.adopt_module_key_flags(documents)  # --check

MARK = "#: "
WIDTH = 100
PART = "part of other files; does not run by itself"
# What a command needs for a data set that is not downloaded.
OPTIONS = {
    "@files": (
        "--gin_param=\"files.train = 'train.csv'\"",
        "--gin_param=\"files.labels = ['name', 'name']\"",
    ),
    "@shards": ("--gin_param=\"shards.folder = 'DIR'\"",),
    "@image_folder": ("--gin_param=\"image_folder.folder = 'DIR'\"",),
    **dict.fromkeys(
        ("@bookmarks", "@mulan", "@weizmann_horses", "@lfw_parts"), ("--manual_dir=DIR",)
    ),
}


class Recorded(NamedTuple):
    """Runs of a gin file.

    Attributes:
      label: name of the score.
      scores, seconds: test score and training time of each seed.
      made_by: the commit.
      params: bindings of all runs that the gin file does not have.
      drawn: the binding that differs between seeds, as "NAME = seed"; "" for none.
    """

    label: str
    scores: list[float]
    seconds: list[float]
    made_by: str
    params: tuple[str, ...] = ()
    drawn: str = ""

    def line(self):
        """Score, seeds, minutes and commit as a line of text."""
        seeds, minutes = len(self.scores), statistics.median(self.seconds) / 60
        parts = (
            f"{self.label} {runs.mean_and_spread(self.scores)}",
            f"{seeds} seeds" if seeds > 1 else "1 seed",
            self.drawn,
            f"{minutes:.0f} minutes" if minutes > 1.5 else "1 minute",
            self.made_by,
        )
        return ", ".join(filter(None, parts))


def recorded():
    """What experiments/results holds of gin files: {gin file: [Recorded]}."""
    found = {}
    for gin_file, each in (*_of_runs(), *_of_cross_fitting()):
        found.setdefault(gin_file, []).append(each)
    return found


def _of_runs():
    """(gin file, Recorded) of the runs of the training command."""
    for gin_file, label, name, metric, wanted in _rows():
        done = runs.recorded(name)
        found = [done[run.command] for run in wanted if run.command in done]
        if found:
            params = [param for param in wanted[0].params if "mulan.name" not in param]
            drawn = [param for param in params if ".fold = " in param]
            yield (
                gin_file,
                Recorded(
                    f"test {label}",
                    [result["test"][metric] for result in found],
                    [result["train_seconds"] for result in found],
                    _commits(table1.made_by(found)),
                    tuple(param for param in params if param not in drawn),
                    "".join(drawn).replace("= 0", "= seed"),
                ),
            )


def _rows():
    """(gin file, name of the score, name of the record, key of the score, runs) of all tables."""
    for dataset in ("bibtex", "bookmarks"):
        for gin_name, key in table1.ROWS.values():
            if gin_name and key == "refined":
                wanted = table1.wanted(dataset, gin_name)
                yield wanted[0].gin_file, "F1", "table1", key, wanted
    for record, dataset, table in (
        ("table2", "lfw_parts", table2),
        ("table3", "weizmann_horses", table3),
    ):
        metric = table.METRICS[0]
        label = metric.replace("_", " ").replace("iou", "IoU")
        for gin_name, key, *params in table.ROWS.values():
            if gin_name and key == "refined":
                file = f"gin/{dataset}/{gin_name}.gin"
                wanted = [runs.Run(file, seed, tuple(params)) for seed in segmentation.SEEDS]
                yield file, label, record, metric, wanted
    for file, key in digits.ROWS.values():
        if key == "refined":
            yield file, "F1", "digits", key, [runs.Run(file, seed) for seed in digits.SEEDS]
    for file, key in mulan.NETWORKS.values():
        for name, seeds in mulan.SETS.items() if key == "refined" else ():
            params = [(f"mulan.name = '{name}'", f"mulan.fold = {seed}") for seed in range(seeds)]
            wanted = [runs.Run(file, seed, each) for seed, each in enumerate(params)]
            yield file, f"F1 on {name}", "mulan", key, wanted
    run = min_max.RUNS["Eq. 5"]
    yield run.gin_file, "F1", "min_max", "refined", [run]


def _of_cross_fitting():
    """(gin file, Recorded) of `ALENClassifier()`, whose model the files cross_fitted.gin train."""
    for record in runs.recorded(cross_fitted.NAME).values():
        name = record["set"]
        file = f"gin/{name}/cross_fitted.gin"
        label = "`ALENClassifier()`: test F1"
        if name in mulan.SETS:
            file, label = "gin/mulan/cross_fitted.gin", f"{label} on {name}"
        if (runs.ROOT / file).exists():
            seconds = [each["fit_seconds"] for each in record["ours"]]
            yield file, Recorded(label, record["f1"]["ALEN"], seconds, _commits(record["commit"]))


def _commits(text):
    return text if text.startswith("version") else f"commit {text}"


def bindings(path):
    """What a gin file binds, its includes too: {name: value as text}."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if included := re.match(r"include '(.+)'", line):
            found |= bindings(runs.ROOT / "gin" / included[1])
        elif bound := BINDING.match(line):
            found[bound["name"]] = bound["value"].strip()
    return found


BINDING = re.compile(r"(?P<name>[\w./]+) = (?P<value>[^#]*)(?P<comment>#.*)?")


def card(path, done):
    """The lines of a gin file's card.

    Args:
      path: of the file.
      done: a list of `Recorded`.
    """
    bound = bindings(path)
    if "cross_fit.task" not in bound and not {"train.task", "train.model"} <= bound.keys():
        return [PART]
    options = [f"--gin_file={path.relative_to(runs.ROOT).as_posix()}"]
    task = re.sub(r"[@()]", "", bound.get("train.task") or bound["cross_fit.task"])
    options += OPTIONS.get(bound.get(f"{task}.dataset"), ())
    options += (f"--gin_param='{param}'" for param in (done[0].params if done else ()))
    return [*command(options), *([each.line() for each in done] or ["not recorded"])]


def command(options):
    """The training command, one option to a line where it is long."""
    line = " ".join(["python -m alen_tf.train", *options])
    if len(line) <= WIDTH - len(MARK):
        return [line]
    first = f"python -m alen_tf.train {options[0]}"
    lines = [first, *(f"  {option}" for option in options[1:])]
    return [f"{each} \\" for each in lines[:-1]] + lines[-1:]


def carded(text, lines):
    """A gin file's text with another card."""
    rest = [line for line in text.splitlines() if not line.startswith(MARK)]
    return "\n".join([*(MARK + line for line in lines), *rest]) + "\n"


def uncommented(text):
    """Numbers of the lines that bind a value and do not say what it is for."""
    lines = enumerate(text.splitlines(), start=1)
    return [number for number, line in lines if (b := BINDING.match(line)) and not b["comment"]]


def problems(path, done):
    """What `--check` says about a gin file, one line each."""
    name, text = path.relative_to(runs.ROOT).as_posix(), path.read_text(encoding="utf-8")
    if text != carded(text, card(path, done)):
        yield f"{name}: its card is missing or stale; run python -m experiments.cards"
    for number in uncommented(text):
        yield f"{name}:{number}: add a comment that says what this value does, or why it is chosen"


def main(argv):
    del argv
    done, found = recorded(), []
    for path in sorted(pathlib.Path(runs.ROOT / "gin").rglob("*.gin")):
        own = done.get(path.relative_to(runs.ROOT).as_posix(), [])
        if flags.FLAGS.check:
            found.extend(problems(path, own))
            continue
        text = path.read_text(encoding="utf-8")
        path.write_text(carded(text, card(path, own)), encoding="utf-8")
    if found:
        sys.exit("\n".join(found))


if __name__ == "__main__":
    app.run(main)
