"""The README's tables and the records they are made from."""

import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent


@pytest.fixture
def copy(tmp_path):
    """A copy of what the command reads."""
    for name in ("alen_tf", "experiments", "gin", "third_party"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "README.md", tmp_path)
    return tmp_path


def check(folder):
    command = [sys.executable, "-m", "experiments.readme", "--check"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


def test_readme_agrees_with_the_records():
    done = check(ROOT)
    assert done.returncode == 0, done.stderr


def test_another_number_in_the_readme_is_found(copy):
    readme = copy / "README.md"
    text = readme.read_text(encoding="utf-8")
    number = re.search(r"\| ALEN \| (\d\d\.\d\d)", text)[1]
    readme.write_text(text.replace(number, "99.99"), encoding="utf-8")
    done = check(copy)
    assert done.returncode == 1
    assert "differs" in done.stderr
