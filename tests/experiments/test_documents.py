"""The documents' tables and the records they are made from."""

import re
import subprocess
import sys

import pytest

from tests.commands import ROOT


def check(folder, module="readme"):
    command = [sys.executable, "-m", f"experiments.{module}", "--check"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    "module", ["readme", "performance", "reliability", "scaling", "extreme", "serving"]
)
def test_tables_agree_with_the_records(module):
    done = check(ROOT, module)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("module", "document", "number"),
    [
        ("readme", "docs/results.md", r"\| ALEN \| (\d\d\.\d\d)"),
        ("scaling", "docs/scaling.md", r"\| 20 \| 1 \| (\d+\.\d)"),
    ],
)
def test_another_number_in_a_document_is_found(copy, module, document, number):
    path = copy / document
    text = path.read_text(encoding="utf-8")
    found = re.search(number, text)[1]
    path.write_text(text.replace(found, "99.99"), encoding="utf-8")
    done = check(copy, module)
    assert done.returncode == 1
    assert "differs" in done.stderr


def test_tables_need_no_heavy_library():
    code = "import sys, experiments.readme; print({'tensorflow', 'sklearn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr
