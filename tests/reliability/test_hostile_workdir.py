"""Hostile files: a workdir that somebody else may have changed."""

import json
import random
import shutil

import pytest

from alen_tf.errors import WorkdirError
from alen_tf.serving import trained
from alen_tf.training.workdir import Workdir

from .conftest import content, train_here
from .hostile import mutated, survives


def read_workdir(path):
    Workdir(path).read_config()
    trained.load(path)


@pytest.mark.promise(
    "Hostile files: a workdir with any byte of its JSON or gin files changed is named"
)
def test_mutated_workdir(half, undisturbed, faults):
    run = undisturbed()
    originals = {
        path: path.read_bytes()
        for path in run.rglob("*")
        if path.suffix in (".json", ".gin") and path.name != "results.json"
    }
    assert {"config.gin", "model.json", "provenance.json", "progress.json"} <= {
        path.name for path in originals
    }
    before = content(run)
    try:
        for path, data in originals.items():
            if "latest" in path.parts:
                continue
            for seed in range(15):
                path.write_bytes(mutated(data, random.Random(seed)))
                if path.read_bytes() != data:
                    survives(read_workdir, run)
                    faults()
            path.write_bytes(data)
    finally:
        for path, data in originals.items():
            path.write_bytes(data)
    assert content(run) == before


@pytest.mark.promise("Hostile files: sizes in a workdir must be those of its checkpoint")
def test_huge_model(tmp_path, undisturbed, faults):
    run = shutil.copytree(undisturbed(), tmp_path / "run")
    model = json.loads((run / "model.json").read_text())
    (run / "model.json").write_text(json.dumps(model | {"input_shape": [10**12]}))
    with pytest.raises(WorkdirError, match=r"model.json is damaged: shapes \(\(1000000000000,\)"):
        trained.load(run)
    faults()


@pytest.mark.promise("Hostile files: files in a workdir that no training wrote are left alone")
def test_foreign_folder(tmp_path, faults):
    events = tmp_path / "logs" / "train" / "events.out.tfevents.1.mine"
    events.parent.mkdir(parents=True)
    events.write_text("curves")
    (tmp_path / "logs" / "results.json").write_text("{}")
    before = content(tmp_path)
    with pytest.raises(WorkdirError, match=r"logs is not a workdir: it has results.json"):
        train_here(tmp_path / "logs")
    after = content(tmp_path)
    assert {path: after[path] for path in before} == before
    faults()
