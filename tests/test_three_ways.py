"""Mulan's sets through the command line, the estimator and a SavedModel: one model, one score."""

import json

import numpy as np
import pytest
import tensorflow as tf

from alen_tf import ALENClassifier
from alen_tf.datasets.mulan import mulan
from alen_tf.objectives.metrics import example_f1
from tests.commands import run


def run_long(module, *options):
    done = run(module, *options, timeout=3600)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ["emotions", "scene", "yeast"])
def test_one_score(real_data, tmp_path, name):
    stem = real_data / "mulan" / name / name
    train_file, test_file, xml = (f"{stem}{end}" for end in ("-train.arff", "-test.arff", ".xml"))
    splits = mulan(name, manual_dir=str(real_data), validation_fraction=0.0)
    labels, train, test = splits.label_names, splits.train, splits.test

    workdir, saved, output = tmp_path / "run", tmp_path / "saved" / "1", tmp_path / "labels.jsonl"
    run_long(
        "train",
        "--gin_file=gin/own/multilabel_joint.gin",
        f"--gin_param=files.train = '{train_file}'",
        f"--gin_param=files.test = '{test_file}'",
        f"--gin_param=files.labels = '{xml}'",
        f"--workdir={workdir}",
    )
    run_long("predict", f"--workdir={workdir}", f"--input={test_file}", f"--output={output}")
    run_long("export", f"--workdir={workdir}", f"--output={saved}")
    lines = map(json.loads, output.read_text().splitlines())
    predicted = np.array([[label in line["labels"] for label in labels] for line in lines])
    serve = tf.saved_model.load(str(saved)).signatures["serving_default"]
    scores = {
        "train": json.loads((workdir / "results.json").read_text())["test"]["tuned"]["refined"],
        "predict": example_f1(predicted, test.y),
        "SavedModel": example_f1(serve(x=tf.constant(test.x, tf.float32))["labels"], test.y),
        "estimator": ALENClassifier(estimator=None, random_state=0)
        .fit(train.x, train.y)
        .score(test.x, test.y),
    }
    print(name, scores)
    assert list(scores.values()) == pytest.approx([scores["train"]] * len(scores), abs=1e-9)
