"""Estimators that are saved, loaded and exported."""

import json
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from sklearn.ensemble import RandomForestClassifier

from alen_tf import ALENClassifier
from alen_tf.cross_fitting import network, refined
from alen_tf.networks.mlp import MLP
from tests.commands import ENVIRONMENT

LABELS = ["moon", "sea", "sun"]


def own_network(features, labels):
    return keras.Sequential([keras.Input((features,)), keras.layers.Dense(labels)])


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(0)
    x = random.normal(size=(90, 4))
    return pd.DataFrame(x, columns=list("abcd")), [
        {LABELS[i] for i in np.flatnonzero(row > 0)} for row in x[:, :3]
    ]


@pytest.fixture(scope="module")
def joint(data):
    settings = {"energy_hidden_units": np.int64(4), "epochs": 2, "random_state": 0}
    return ALENClassifier(estimator=None, inference_network=own_network, **settings).fit(*data)


@pytest.fixture(scope="module")
def cross_fitted(data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refined, "STEPS", (20, 40))
        patch.setattr(network, "STEPS", (20, 40))
        classifiers = [RandomForestClassifier(5, random_state=0), MLP(hidden_units=4)]
        return ALENClassifier(estimator=classifiers, random_state=0).fit(*data)


PREDICT = """
import sys
import numpy as np
import pandas as pd
from alen_tf import ALENClassifier
x = pd.read_csv("x.csv")
for name in sys.argv[1:]:
    model = ALENClassifier.load(name)
    np.savez(name, p=model.predict_proba(x), confidence=model.confidence(x))
"""


@pytest.mark.parametrize("kind", ["joint", "cross_fitted"])
@pytest.mark.parametrize("name", ["model", "model.zip"])
def test_a_loaded_estimator_predicts_the_same(kind, name, data, tmp_path, request):
    model, path = request.getfixturevalue(kind), tmp_path / "new" / name
    x = data[0].astype(np.float32)
    model.save(path)
    assert zipfile.is_zipfile(path) == (name == "model.zip")
    assert [each.name for each in path.parent.iterdir()] == [name]
    loaded = ALENClassifier.load(path)
    np.testing.assert_array_equal(loaded.predict_proba(x), model.predict_proba(x))
    np.testing.assert_array_equal(loaded.confidence(x), model.confidence(x))
    assert loaded.label_sets(x) == model.label_sets(x)
    assert list(loaded.classes_) == LABELS
    for attribute, value in vars(model).items():
        if attribute.endswith("_"):
            found = getattr(loaded, attribute)
            assert type(found) is type(value)
            np.testing.assert_array_equal(found, value)


def test_another_process_predicts_the_same(joint, cross_fitted, data, tmp_path):
    models = {"joint": joint, "cross_fitted": cross_fitted}
    for name, model in models.items():
        model.save(tmp_path / name)
    data[0].to_csv(tmp_path / "x.csv", index=False)
    subprocess.run(
        [sys.executable, "-c", PREDICT, *models], cwd=tmp_path, env=ENVIRONMENT, check=True
    )
    for name, model in models.items():
        with np.load(tmp_path / f"{name}.npz") as found:
            np.testing.assert_allclose(found["p"], model.predict_proba(data[0]), atol=1e-6)
            np.testing.assert_allclose(found["confidence"], model.confidence(data[0]), atol=1e-6)


def test_joint_training_is_saved_without_pickles(joint, data, tmp_path):
    joint.save(tmp_path / "model")
    assert {each.name for each in (tmp_path / "model").iterdir()} == {
        "estimator.json",
        "model.keras",
        "model_card.md",
    }
    loaded = ALENClassifier.load(tmp_path / "model")
    changed = {"inference_network": "own_network", "energy_hidden_units": 4}
    assert loaded.get_params() == joint.get_params() | changed
    with pytest.raises(ValueError, match="inference_network is 'own_network', expected a function"):
        loaded.fit(*data)
    loaded.set_params(inference_network=own_network).fit(*data)
    np.testing.assert_array_equal(loaded.predict_proba(data[0]), joint.predict_proba(data[0]))


def test_labels_that_no_row_has_stay_absent(data, tmp_path):
    x, y = data[0].to_numpy(), np.tile([1, 0], (90, 1))
    model = ALENClassifier(estimator=None, epochs=1, hidden_units=4, random_state=0)
    with pytest.warns(UserWarning, match="no row has the label '1'"):
        model.fit(x, y)
    model.save(tmp_path / "model")
    model.export(tmp_path / "served")
    served = tf.saved_model.load(str(tmp_path / "served")).signatures["serving_default"]
    rows = tf.constant(x, tf.float32)
    for found in (ALENClassifier.load(tmp_path / "model").refine(x), served(x=rows)["relaxed"]):
        np.testing.assert_allclose(found, model.refine(x), atol=1e-6)
        assert not np.any(found[:, 1])


def test_an_export_predicts_the_same(joint, cross_fitted, data, tmp_path):
    joint.export(tmp_path / "1")
    served = tf.saved_model.load(str(tmp_path / "1")).signatures["serving_default"]
    found = served(x=tf.constant(data[0].to_numpy(), tf.float32))
    np.testing.assert_array_equal(found["labels"], joint.predict(data[0]))
    np.testing.assert_allclose(found["confidence"], joint.confidence(data[0]), atol=1e-6)
    names = json.loads((tmp_path / "1" / "assets.extra" / "model.json").read_text())
    assert (names["label_names"], names["expected"]) == (LABELS, "F1")
    with pytest.raises(ValueError, match=r"export needs joint training, .*; save keeps them"):
        cross_fitted.export(tmp_path / "2")
    assert not (tmp_path / "2").exists()


def damaged(tmp_path, joint):
    """Paths that hold no estimator, and what is said of them."""
    yield tmp_path / "none", "no such folder or ZIP archive"
    (tmp_path / "empty").mkdir()
    yield tmp_path / "empty", r"estimator\.json is missing"
    (tmp_path / "text.zip").write_text("text")
    yield tmp_path / "text.zip", "not a ZIP archive, or damaged"
    joint.save(tmp_path / "cut.zip")
    content = (tmp_path / "cut.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(content[: len(content) // 2])
    yield tmp_path / "cut.zip", "not a ZIP archive, or damaged"
    for name, file in (("model", "model.keras"), ("json", "estimator.json")):
        joint.save(tmp_path / name)
        content = (tmp_path / name / file).read_bytes()
        (tmp_path / name / file).write_bytes(content[: len(content) // 2])
        yield tmp_path / name, "is damaged"
    (tmp_path / "json" / "estimator.json").write_text("{}")
    yield tmp_path / "json", "is damaged"


def test_what_cannot_be_loaded_is_named(joint, tmp_path):
    for path, message in damaged(tmp_path, joint):
        with pytest.raises(ValueError, match=message) as error:
            ALENClassifier.load(path)
        assert str(path) in str(error.value)
        assert "\n" not in str(error.value)


def test_nothing_is_overwritten(joint, tmp_path):
    for name in ("model", "model.zip"):
        (tmp_path / name).write_text("mine")
        with pytest.raises(ValueError, match="exists already"):
            joint.save(tmp_path / name)
        assert (tmp_path / name).read_text() == "mine"
        with pytest.raises(ValueError, match="cannot be written"):
            joint.save(tmp_path / "model" / name)  # below a file
