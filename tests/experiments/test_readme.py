"""The README's tables and the records they are made from."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent.parent


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


def test_tables_need_no_heavy_library():
    code = "import sys, experiments.readme; print({'tensorflow', 'sklearn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr
