"""The three tasks of docs/tasks.md do what they say, on small files of their kind."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from alen_tf.cross_fitting import network, refined
from tests.commands import ROOT, execute
from tests.photographs import write_folder

TASKS = (ROOT / "docs" / "tasks.md").read_text(encoding="utf-8").split("\n## ")[1:]


def block(task, language):
    return task.split(f"```{language}\n")[1].split("```")[0]


def test_each_task_fits_a_screen():
    assert len(TASKS) == 3
    assert all(len(task.splitlines()) <= 30 for task in TASKS)


@pytest.mark.slow
def test_tags_for_documents(tmp_path, monkeypatch, random):
    for module in (network, refined):
        monkeypatch.setattr(module, "STEPS", (50, 50))
    words = {"sea": ["wave", "salt", "boat"], "sun": ["light", "heat", "noon"]}
    others = [f"word{number}" for number in range(40)]
    lines = []
    for _ in range(80):
        tags = [tag for tag in words if random.rand() < 0.6]
        said = [*random.choice(others, 8), *(word for tag in tags for word in words[tag])]
        text = " ".join(said)
        lines.append(json.dumps({"text": text, "tags": tags}) + "\n")
    (tmp_path / "documents.jsonl").write_text("".join(lines))
    new = [{"text": "wave salt boat wave the salt"}, {"text": "noon heat light and noon heat"}]
    (tmp_path / "new.jsonl").write_text("".join(json.dumps(each) + "\n" for each in new))
    monkeypatch.chdir(tmp_path)
    found = {}
    code = block(TASKS[0], "python").replace("top=3", "top=1")  # there are two tags
    exec(code, found)
    assert found["tags"] == found["three"] == [("sea",), ("sun",)]
    assert np.all(found["sure"] > 0.5)


@pytest.mark.slow
def test_attributes_of_plants(tmp_path, random):
    table = pd.DataFrame(random.randn(60, 2).round(3), columns=["height", "width"])
    table["leaf"] = random.choice(["oval", "long"], 60)
    labels = {
        "climbs": table.height > 0,
        "edible": table.width > 0,
        "evergreen": table.leaf == "oval",
    }
    table.loc[5, "height"] = np.nan
    table.head(7).to_csv(tmp_path / "new.csv", index=False)
    table.assign(**{name: is_so.astype(int) for name, is_so in labels.items()}).to_csv(
        tmp_path / "plants.csv", index=False
    )
    execute(block(TASKS[1], ""), tmp_path)
    found = pd.read_csv(tmp_path / "attributes.csv")
    assert list(found) == ["labels", "confidence", "threshold", *labels]
    assert len(found) == 7
    assert (tmp_path / "runs" / "plants" / "results.json").is_file()


@pytest.mark.slow
def test_masks_for_photos(tmp_path):
    write_folder(tmp_path / "leaves", 20, (40, 30))
    write_folder(tmp_path / "new", 3, (50, 60))
    (tmp_path / "new" / "images").rename(tmp_path / "photos")
    execute(block(TASKS[2], ""), tmp_path, "train.epochs = 1", "UNet.filters = (4, 8)")
    assert np.asarray(Image.open(tmp_path / "masks" / "blob 01.png")).shape == (50, 60)
    assert len(pd.read_csv(tmp_path / "masks" / "predictions.csv")) == 3
    assert (tmp_path / "runs" / "leaves" / "segmentation.png").is_file()
