"""The snippets of the README, and commands of the guide and of docs/serving.md, work."""

import json
import re

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from alen_tf.cross_fitting import network, refined
from tests.commands import ROOT, execute
from tests.photographs import write_folder

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


@pytest.fixture
def few_steps(monkeypatch):
    """A tenth of the steps of energies and networks that are cross-fitted."""
    for module in (network, refined):
        monkeypatch.setattr(module, "STEPS", (100, 100))


def test_the_readme_is_read_within_a_minute():
    assert len((ROOT / "README.md").read_bytes()) <= 8192


@pytest.mark.usefixtures("few_steps")
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


def test_commands_for_rows(section, folder):
    (commands,) = blocks(section, "")
    execute(commands, folder)
    lines = (folder / "labels.jsonl").read_text().splitlines()
    assert len(lines) == 7
    assert set(json.loads(lines[0])["marginals"]) == set(LABELS)


def test_commands_for_rows_jointly(folder):
    text = (ROOT / "docs" / "guide" / "command-line.md").read_text(encoding="utf-8")
    (commands,) = (block for block in blocks(text, "") if "multilabel_joint" in block)
    execute(commands, folder, "train.epochs = 2")

    code, *_ = blocks((ROOT / "docs" / "serving.md").read_text(), "python")
    code = code.replace("models/own/1", str(folder / "models" / "scene" / "1"))
    exec(code, {"rows": np.zeros((2, 3), np.float32)})


@pytest.mark.slow
def test_commands_for_images(tmp_path):
    write_folder(tmp_path / "horses", 20, (40, 30))
    write_folder(tmp_path / "new", 3, (50, 60))
    (tmp_path / "new" / "images").rename(tmp_path / "photos")
    (tmp_path / "strokes").mkdir()
    stroke = np.zeros((50, 60, 2), np.uint8)
    stroke[10, 20:30] = 255
    Image.fromarray(stroke).save(tmp_path / "strokes" / "blob 01.png")
    (commands,) = blocks((ROOT / "docs" / "guide" / "images.md").read_text(encoding="utf-8"), "")
    execute(commands, tmp_path, "train.epochs = 1", "UNet.filters = (4, 8)")
    mask = np.asarray(Image.open(tmp_path / "masks" / "blob 01.png"))
    assert mask.shape == (50, 60)
    assert np.all(mask[10, 20:30] == 255)
    header = (tmp_path / "masks" / "predictions.csv").read_text().splitlines()[0]
    assert header == "image,mask,expected soft pixel accuracy"
    served = tf.saved_model.load(str(tmp_path / "models" / "horses" / "1"))
    found = served.signatures["serving_default"](x=np.zeros((5, 32, 32, 3), np.uint8))
    assert found["labels"].shape == (5, 32, 32, 1)

    _, code = blocks((ROOT / "docs" / "serving.md").read_text(), "python")
    code = code.replace("models/horses/1", str(tmp_path / "models" / "horses" / "1"))
    found = {"path": str(tmp_path / "photos" / "blob 00.png")}
    exec(code, found)
    assert found["labels"].shape == (1, 32, 32, 1)
