"""The diffs of docs/design.md apply, and what they add trains."""

import re
import shutil
import subprocess
import sys

import pytest

from tests.commands import ENVIRONMENT, ROOT


@pytest.fixture
def extended(tmp_path):
    """A copy of the package to which the page's diffs are applied."""
    for name in ("alen_tf", "gin"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    diffs = re.findall(r"^```diff\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    assert len(diffs) == 3
    for diff in diffs:
        # In a folder of its own, git applies a patch to files, whatever repository is around it.
        subprocess.run(
            ["git", "apply", "-"],
            input=diff,
            text=True,
            cwd=tmp_path,
            env=ENVIRONMENT | {"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)},
            check=True,
        )
    return tmp_path


def test_diffs_apply_and_train(extended):
    command = [sys.executable, "-m", "alen_tf.train", "--gin_file=gin/generated/perceptron.gin"]
    environment = ENVIRONMENT | {"PYTHONPATH": str(extended)}
    command += ["--workdir=runs/perceptron", "--gin_param=train.epochs = 1"]
    done = subprocess.run(command, cwd=extended, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (extended / "runs" / "perceptron" / "results.json").is_file()
