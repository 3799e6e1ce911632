"""The snippets of "Your own data" in the README and of docs/serving.md do what they say."""

import json
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest

from tests.commands import ENVIRONMENT, ROOT

LABELS = ("sun", "sea")
XML = "<labels>" + "".join(f'<label name="{name}"/>' for name in LABELS) + "</labels>"


def blocks(text, language):
    """The content of the fenced blocks in a language."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    return [content for name, content in found if name == language]


@pytest.fixture(scope="module")
def section():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return text.split("## Your own data")[1].split("\n## ")[0]


def test_python(section):
    (code,) = blocks(section, "python")
    found = {}
    exec(code, found)
    assert found["labels"].shape == (200, 6)
    np.testing.assert_array_equal(found["labels"][:, 2], found["Y"][800:, 2])
    assert np.all((found["expected"] > 0) & (found["expected"] < 1))
    assert found["model"].score(found["X"][800:], found["Y"][800:]) > 0.6


@pytest.fixture
def folder(tmp_path, random):
    """A folder with the files that the commands name."""
    x = random.randn(60, 3).round(3)
    kinds = dict.fromkeys(LABELS, "{0,1}") | dict.fromkeys("abc", "numeric")
    header = "\n".join(f"@attribute {name} {kind}" for name, kind in kinds.items())
    rows = "\n".join(",".join(map(str, [*(row[:2] > 0).astype(int), *row])) for row in x)
    (tmp_path / "scene.arff").write_text(f"@relation scene\n{header}\n@data\n{rows}\n")
    (tmp_path / "scene.xml").write_text(XML)
    np.savetxt(tmp_path / "new.csv", x[:7], delimiter=",", header="a,b,c", comments="", fmt="%g")
    return tmp_path


def test_commands(section, folder):
    (commands,) = blocks(section, "")
    for line in commands.splitlines():
        _, *options = shlex.split(line)
        short = ["--gin_param=train.epochs = 2"] if "alen_tf.train" in line else []
        environment = ENVIRONMENT | {"PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, *options, *short], cwd=folder, env=environment, check=True)
    lines = (folder / "labels.jsonl").read_text().splitlines()
    assert len(lines) == 7
    assert set(json.loads(lines[0])["relaxed"]) == set(LABELS)

    (code,) = blocks((ROOT / "docs" / "serving.md").read_text(), "python")
    code = code.replace("models/own/1", str(folder / "models" / "scene" / "1"))
    exec(code, {"rows": np.zeros((2, 3), np.float32)})
