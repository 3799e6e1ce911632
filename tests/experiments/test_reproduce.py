"""Every number of a table has a record, and the record says which command made it."""

import json
import re
import subprocess
import sys

import pytest

from experiments import reproduce, runs
from tests.commands import ENVIRONMENT, ROOT

DECIMAL = re.compile(r"\d+\.\d+")
PUBLISHED = (ROOT / "third_party" / "published" / "pan2020.json").read_text(encoding="utf-8")
WITHOUT_RECORDS = """
import json
from absl import app, flags
from experiments import readme

def main(argv):
    flags.FLAGS.run = False
    made = []
    for tables in readme.TABLES.values():
        for table in tables.values():
            try:
                made.append(table())
            except KeyError as error:
                assert error.args[0].startswith("python -m")  # the record that is missing
    print(json.dumps(made))

app.run(main)
"""


def test_without_records_tables_have_no_numbers_but_published_ones(tmp_path):
    environment = ENVIRONMENT | {"ALEN_TF_RECORDS": str(tmp_path)}
    command = [sys.executable, "-c", WITHOUT_RECORDS]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert len(made) > 5
    numbers = {number for table in made for number in DECIMAL.findall(table)}
    assert numbers <= set(DECIMAL.findall(PUBLISHED))


@pytest.mark.parametrize("path", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))])
def test_tables_written_by_hand_have_no_scores(path):
    text = path.read_text(encoding="utf-8")
    made = r"<!-- begin (\w+) -->.*?<!-- end \1 -->"
    by_hand = re.sub(made, "", text, flags=re.DOTALL)
    rows = [line for line in by_hand.splitlines() if line.startswith("|")]
    assert [row for row in rows if re.search(r"\| *[-+]?\d+\.\d", row)] == []


@pytest.fixture
def records(tmp_path, monkeypatch):
    lines = [{"command": "python -m alen_tf.train --a", "test": {"refined": 0.5}, "seconds": 9.0}]
    lines.append({"command": "python -m alen_tf.train --b"})
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (tmp_path / "some.jsonl").write_text(text)
    monkeypatch.setattr(runs, "RESULTS", tmp_path)


@pytest.mark.usefixtures("records")
def test_a_table_is_made_of_the_records_that_it_reads():
    found = reproduce.sources(lambda: runs.recorded("some")["python -m alen_tf.train --b"])
    assert found == [("some", "python -m alen_tf.train --b")]


@pytest.mark.usefixtures("records")
def test_a_command_is_repeated_apart_from_the_records(monkeypatch):
    def train(command, cwd, env):
        assert command[1:4] == ["-m", "alen_tf.train", "--a"]
        workdir = next(each for each in command if each.startswith("--workdir=")).partition("=")[2]
        runs.pathlib.Path(workdir).mkdir()
        result = {"test": {"refined": 0.25}}
        runs.pathlib.Path(workdir, "results.json").write_text(json.dumps(result))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(reproduce.subprocess, "run", train)
    monkeypatch.setattr(runs, "places", list)
    old, new = reproduce.again("python -m alen_tf.train --a")
    assert (old, new) == ({"test/refined": 0.5}, {"test/refined": 0.25})


@pytest.mark.usefixtures("records")
def test_what_is_not_recorded_is_not_repeated():
    with pytest.raises(SystemExit, match="no record that can be repeated"):
        reproduce.again("python -m alen_tf.train --c")
