"""Every gin file begins with a card, which agrees with the records, and explains its values."""

import json
import re
import shlex
import statistics
import subprocess
import sys

import pytest

from experiments import cards
from tests.commands import ROOT

FILES = sorted((ROOT / "gin").rglob("*.gin"))


def run(folder, *options):
    command = [sys.executable, "-m", "experiments.cards", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


def card_of(path):
    """The card's lines, without their mark."""
    return re.findall(r"^#: (.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_cards_agree_with_the_records():
    done = run(ROOT, "--check")
    assert done.returncode == 0, done.stderr


def test_a_score_is_the_mean_of_its_records():
    lines = (ROOT / "experiments/results/table1.jsonl").read_text(encoding="utf-8").splitlines()
    scores, commits = [], set()
    for result in map(json.loads, lines):
        if "gin/bibtex/alen.gin" in result["command"] and "bibtex.fold" in result["command"]:
            scores.append(100 * result["test"]["refined"])
            commits.add(result["commit"])
    text = " ".join(card_of(ROOT / "gin/bibtex/alen.gin"))
    assert f" {statistics.mean(scores):.2f} ± {statistics.stdev(scores):.2f}, 5 seeds" in text
    assert text.endswith(f"commit {commits.pop()}")
    assert not commits


def test_a_changed_card_is_found_and_mended(copy):
    path = copy / "gin/digits/alen.gin"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"\d\d\.\d\d ±", "99.99 ±", text), encoding="utf-8")
    done = run(copy, "--check")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "gin/digits/alen.gin: its card is missing or stale; run python -m experiments.cards"
    ]
    assert run(copy).returncode == 0
    assert path.read_text(encoding="utf-8") == text


def test_a_value_without_a_comment_is_found(copy):
    path = copy / "gin/new.gin"
    path.write_text("# New.\ninclude 'digits/alen.gin'\ntrain.epochs = 3\n", encoding="utf-8")
    assert run(copy).returncode == 0
    assert card_of(path) == ["python -m alen_tf.train --gin_file=gin/new.gin", "not recorded"]
    done = run(copy, "--check")
    assert done.returncode == 1
    assert done.stderr.startswith("gin/new.gin:5: add a comment")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_command_runs_its_own_file(path):
    first, *rest = card_of(path)
    if first == cards.PART:
        assert rest == []
        return
    joined = " ".join([first, *rest]).replace("\\ ", "")
    words = shlex.split(re.split(r" (?:test |`ALEN|not recorded)", joined)[0])
    assert words[:3] == ["python", "-m", "alen_tf.train"]
    assert words[3] == f"--gin_file={path.relative_to(ROOT).as_posix()}"
    for word in words[4:]:
        assert re.match(r"--manual_dir=DIR$|--gin_param=[\w./]+ = \S", word)
