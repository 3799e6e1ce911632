"""Where every number of a table comes from: python -m experiments.reproduce.

Lists the tables of all documents and the records behind each: file and command, the commit of the
code that ran, and the date on which the record was added. Old records without a commit show the
commit that added them, in parentheses. `--again='COMMAND'` repeats one of the commands, in a
temporary folder, and prints its scores beside the recorded ones.
"""

import datetime
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

from absl import app, flags

from experiments import runs

flags.DEFINE_string("again", None, "A recorded command to repeat.")

SCORES = ("validation", "test", "f1", "example_f1", "test_f1_of_rows", "average_precision")


class Traced(dict):
    """Records by command that note which of them were read."""

    def __init__(self, records, asked):
        super().__init__(records)
        self._asked = asked

    def __getitem__(self, command):
        self._asked.append(command)
        return super().__getitem__(command)

    def get(self, command, default=None):
        if command in self:
            self._asked.append(command)
        return super().get(command, default)

    def values(self):
        self._asked.extend(self)
        return super().values()


def sources(table):
    """The sources of a table: [(name of a record file, command)].

    Args:
      table: a function that makes the table of `runs.recorded`.
    """
    found, recorded = [], runs.recorded

    def traced(name):
        asked = []
        found.append((name, asked))
        return Traced(recorded(name), asked)

    runs.recorded = traced
    try:
        table()
    finally:
        runs.recorded = recorded
    return list(dict.fromkeys((name, command) for name, asked in found for command in asked))


def added(name):
    """The commit and the day that added each line of a record: {command: (commit, day)}; empty if
    git does not know."""
    blamed, found = runs.git("blame", "--line-porcelain", f"{runs.RECORDS}/{name}.jsonl"), {}
    commit = day = None
    for line in blamed.split("\n"):
        key, _, value = line.partition(" ")
        if key == "committer-time":
            day = datetime.date.fromtimestamp(int(value)).isoformat()
        elif line.startswith("\t{"):
            found[runs.renamed(json.loads(line)["command"])] = commit, day
        elif len(key) == 40:
            commit = key[:12]
    return found


def listing(documents):
    """Lines that say where the numbers of documents come from.

    Args:
      documents: {path: {table: function}}.
    """
    ages = {}
    for document, tables in documents.items():
        for table_name, table in tables.items():
            yield f"{document}, {table_name}:"
            for name, command in sources(table):
                if name not in ages:
                    ages[name] = added(name), runs.recorded(name)
                (commit, day), record = ages[name][0].get(command, ("?", "?")), ages[name][1]
                made_by = record[command].get("commit", f"({commit})")
                yield f"  {name}.jsonl  {made_by}  {day}  {command}"


def again(command):
    """Repeats a recorded command; (the recorded scores, the new ones), by name.

    Raises:
      SystemExit: the command is not recorded, or fails.
    """
    names = [path.stem for path in runs.RESULTS.glob("*.jsonl")]
    name = next((name for name in names if _is_recorded(name, command)), None)
    if name is None or "&&" in command:
        sys.exit(f"no record that can be repeated by itself: {command}")
    with tempfile.TemporaryDirectory() as folder:
        records = pathlib.Path(shutil.copytree(runs.RESULTS, pathlib.Path(folder, "records")))
        path = records / f"{name}.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        others = [each for each in lines if runs.renamed(json.loads(each)["command"]) != command]
        path.write_text("".join(others), encoding="utf-8")
        _, *options = shlex.split(command)
        workdir = pathlib.Path(folder, "run")
        trains = options[1] == "alen_tf.train"
        places = [*runs.places(), f"--workdir{'' if trains else 's'}={workdir}"]
        environment = os.environ | {"ALEN_TF_RECORDS": str(records)}
        run = [sys.executable, *options, *places]
        if status := subprocess.run(run, cwd=runs.ROOT, env=environment).returncode:
            sys.exit(f"{command} failed with exit status {status}")
        if trains:
            new = json.loads((workdir / "results.json").read_text(encoding="utf-8"))
        else:
            new = json.loads(path.read_text(encoding="utf-8").splitlines()[-1])
    return scores(runs.recorded(name)[command]), scores(new)


def _is_recorded(name, command):
    path = runs.RESULTS / f"{name}.jsonl"
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return any(runs.renamed(each.get("command", "")) == command for each in lines)


def scores(record):
    """The numbers of a record that are scores, by their place in it."""
    found = {}

    def walk(value, place):
        if isinstance(value, dict):
            for key, each in value.items():
                walk(each, (*place, key))
        elif isinstance(value, float):
            found["/".join(place)] = value

    walk({key: record[key] for key in SCORES if key in record}, ())
    return found


def main(argv):
    del argv
    from experiments import readme

    if command := flags.FLAGS.again:
        old, new = again(command)
        for place, value in old.items():
            print(f"{place}: recorded {value:.4f}, now {new.get(place, float('nan')):.4f}")
        return
    flags.FLAGS.run = False
    print("\n".join(listing(readme.TABLES)))


if __name__ == "__main__":
    app.run(main)
