"""Small models of digits and Bibtex, built by one command; the commands that it prints predict."""

import shlex
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from tests.commands import ENVIRONMENT, ROOT


@pytest.mark.slow
@pytest.mark.real_data
def test_what_is_printed_predicts_and_exports(real_data, data_dir, tmp_path):
    def python(*arguments):
        options = {"cwd": ROOT, "env": ENVIRONMENT, "capture_output": True, "text": True}
        return subprocess.run([sys.executable, *arguments], check=True, **options).stdout

    places = [f"--manual_dir={real_data}", f"--data_dir={data_dir}"]
    printed = python("examples/small_models.py", f"--folder={tmp_path}", *places)
    scores = [float(line.split()[-1]) for line in printed.splitlines() if "threshold" in line]
    assert scores[0] > 0.7  # digits, of 0.82 after the whole run
    assert scores[1] > 0.35  # Bibtex, of 0.46
    commands = [shlex.split(line) for line in printed.splitlines() if line.startswith("python ")]
    assert len(commands) == 4
    for command in commands:
        python(*command[1:])
    for name, labels in (("digits", 32), ("bibtex", 159)):
        table = pd.read_csv(tmp_path / f"{name}.csv")
        assert table.shape == (10, 3 + labels)
        assert np.all(table["confidence"].between(0, 1))
        assert (tmp_path / f"{name}-model" / "1" / "model_card.md").is_file()
