"""Saved models predict what they predicted, bit by bit, in another process, too."""

import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import alen_tf
from alen_tf.networks.mlp import MLP, MLPEnergy

from .networks import OwnEnergy, energy, inference_network, rows

ROOT = pathlib.Path(__file__).parent.parent.parent


def package_networks():  # without dropout, of which Keras saves no state
    return MLPEnergy(hidden_units=6, global_units=3, l2=0.1), MLP(hidden_units=6)


def functional_networks():
    return energy(), inference_network(dropout=0.2)


def own_networks():
    return OwnEnergy(7), inference_network()


METHODS = {
    "ALEN": lambda energy, g: alen_tf.ALEN(
        energy,
        g,
        oracle="iou",
        refinement=alen_tf.GradientAscent(3, 0.2, norm=None, active_set=True),
        prediction=alen_tf.GradientAscent(2, 0.4),
        beta_v=2.0,
        regression_loss="cross_entropy",
        starts=alen_tf.TrainingStarts(0.5, 0.25, discretize=True),
        seed=5,
    ),
    "DVN": lambda energy, g: alen_tf.DVN(energy, inference=alen_tf.GradientAscent(2, 0.3)),
    "SPEN": lambda energy, g: alen_tf.SPEN(
        energy, cost="f1_cost", inference=alen_tf.GradientAscent(2, 0.3)
    ),
    "SPENEndToEnd": lambda energy, g: alen_tf.SPENEndToEnd(
        energy, prediction=alen_tf.MirrorAscent(2)
    ),
    "SPENInfNet": lambda energy, g: alen_tf.SPENInfNet(energy, g, task_weight=0.1),
    "MinMax": lambda energy, g: alen_tf.MinMax(
        energy, g, refinement=alen_tf.GradientAscent(2, 0.3), refined=False
    ),
    "FeedForward": lambda energy, g: alen_tf.FeedForward(g),
}


def fitted(method, networks):
    model, (x, y) = METHODS[method](*networks()), rows()
    model.compile("sgd", "adam", metrics=[keras.metrics.BinaryAccuracy()])
    model.fit(x, y, verbose=0)
    return model, x, y


@pytest.mark.parametrize("method", METHODS)
def test_every_method_loads_and_goes_on(tmp_path, method):
    model, x, y = fitted(method, package_networks)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    for name, value in model.get_config().items():
        if name not in model.networks:
            assert loaded.get_config()[name] == value
    for each in (model, loaded):
        each.fit(x, y, shuffle=False, verbose=0)  # optimizers go on, too
    for expected, found in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("networks", [functional_networks, own_networks])
def test_networks_of_any_kind_load(tmp_path, networks):
    model, x, y = fitted("ALEN", networks)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.refine(x, steps=5), model.refine(x, steps=5))
    np.testing.assert_array_equal(loaded.value(x, y), model.value(x, y))


def test_a_second_process_predicts_the_same(tmp_path):
    model, x, _ = fitted("ALEN", functional_networks)
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", x)
    code = (
        "import keras, numpy as np, alen_tf\n"
        f"folder = {str(tmp_path)!r} + '/'\n"
        "alen_tf.ALEN\n"  # registers it
        "model = keras.saving.load_model(folder + 'model.keras')\n"
        "np.save(folder + 'y.npy', model.predict(np.load(folder + 'x.npy'), verbose=0))\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True)
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), model.predict(x, verbose=0))


def test_preprocessing_is_saved_with_the_model(tmp_path):
    x, y = rows()
    model = alen_tf.ALEN(*package_networks(), preprocessing=alen_tf.Standardization())
    model.preprocessing.adapt(100.0 * x + 3.0)
    model.build(x.shape, y.shape)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    found = loaded.predict(100.0 * x + 3.0, verbose=0)
    np.testing.assert_array_equal(found, model.predict(100.0 * x + 3.0, verbose=0))


def test_export_has_the_refinement_inside(tmp_path):
    model, x, _ = fitted("ALEN", functional_networks)
    model.export(tmp_path / "saved_model", verbose=False)
    exported = tf.saved_model.load(tmp_path / "saved_model")
    served = exported.serve(x)
    np.testing.assert_allclose(served, model.predict(x, verbose=0), atol=1e-5)
    assert np.abs(served - model.refine(x, steps=0)[0]).max() > 0.05


def test_summary_and_copies():
    model, x, _ = fitted("ALEN", functional_networks)
    lines = []
    model.summary(print_fn=lines.append)
    assert "energy" in "\n".join(lines) or "functional" in "\n".join(lines)
    clone = keras.models.clone_model(model)
    clone.build(x.shape)
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone.predict(x, verbose=0), model.predict(x, verbose=0))
