"""Figures are drawn from the records that there are; one line names what is missing."""

import subprocess
import sys

import pytest


def draw(folder, module):
    command = [sys.executable, "-m", f"experiments.{module}", "--norun"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


def without(folder, record, text):
    """Removes the lines of a record that contain `text`."""
    path = folder / "experiments" / "results" / f"{record}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if text not in line]
    assert len(kept) < len(lines)
    path.write_text("".join(kept), encoding="utf-8")


@pytest.mark.parametrize(
    ("module", "text", "missing"),
    [
        ("figure3", "decay = 0.85", "ALEN, normalised steps that shrink"),
        ("figure4", "gin/bibtex/dvn.gin", "DVN"),
    ],
)
def test_a_curve_that_is_not_recorded_is_left_out(copy, module, text, missing):
    without(copy, module, text)
    picture = copy / "docs" / f"{module}.png"
    picture.unlink()
    done = draw(copy, module)
    assert done.returncode == 0, done.stderr
    assert f"{missing}: not recorded" in done.stdout.splitlines()
    assert picture.stat().st_size > 10_000


@pytest.mark.parametrize("module", ["calibration", "partial_labels"])
def test_a_figure_that_is_not_recorded_is_one_line(copy, module):
    (copy / "experiments" / "results" / f"{module}.jsonl").unlink()
    done = draw(copy, module)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.endswith("is not recorded: leave out --norun")
