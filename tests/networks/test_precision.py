import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from alen_tf.errors import ConfigError
from alen_tf.models.dvn import DVN
from alen_tf.networks import conv, crf, fcn, icnn, mlp, unet
from alen_tf.networks.precision import made_in
from alen_tf.training import config, trainer
from tests.commands import run

IMAGES, MASKS = (2, 16, 16, 3), (2, 16, 16, 1)
ENERGIES = {
    "mlp": (mlp.MLPEnergy, (3, 40), (3, 7)),
    "icnn": (icnn.ICNN, (3, 40), (3, 7)),
    "fcn": (lambda: fcn.FCNEnergy((8, 8, 8)), IMAGES, MASKS),
    "fcn with skips": (lambda: fcn.FCNEnergy((8, 8, 8), True), IMAGES, MASKS),
    "conv": (lambda: conv.ConvEnergy((8, 8, 8), (6, 6)), IMAGES, MASKS),
    "unet": (lambda: unet.UNetEnergy((8, 16), (8, 8), 0.0), IMAGES, MASKS),
}
INFERENCE_NETWORKS = {
    "mlp": (mlp.MLP, (3, 40), 7),
    "fcn": (lambda outputs: fcn.FCN(outputs, (8, 8, 8)), IMAGES, 1),
    "crf": (lambda outputs: crf.MeanFieldCRF(outputs, fcn.FCN(filters=(8, 8, 8))), IMAGES, 1),
    "unet": (lambda outputs: unet.UNet(outputs, (8, 16)), IMAGES, 1),
}


def in_both(make, example):
    """A network in bfloat16, and the same weights in single precision."""
    made = []
    for precision in ("mixed_bfloat16", "float32"):
        with made_in(precision):
            made.append(make())
        made[-1](example)
    made[1].set_weights(made[0].get_weights())
    assert {weight.dtype for weight in made[0].weights} == {"float32"}
    computed = {layer.compute_dtype for layer in made[0]._flatten_layers(include_self=False)}
    assert "bfloat16" in computed
    return made


def assert_close(low, full):
    """Equal to bfloat16's three digits, but not more: it was computed in it."""
    assert low.dtype == tf.float32
    scale = np.abs(full).max()
    difference = np.abs(low - full).max() / scale
    assert 0 < difference < 0.05


@pytest.mark.parametrize("name", ENERGIES)
def test_scores_and_slopes_are_those_of_single_precision_but_for_rounding(name, random):
    make, x_shape, y_shape = ENERGIES[name]
    x = tf.constant(random.randn(*x_shape), tf.float32)
    y = tf.constant(random.rand(*y_shape), tf.float32)
    found = []
    for energy in in_both(make, [x, y]):
        with tf.GradientTape() as tape:
            tape.watch(y)
            score = energy([x, y])
        found.append((score.numpy(), tape.gradient(score, y).numpy()))
    for low, full in zip(*found, strict=True):
        assert_close(low, full)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("name", ENERGIES)
def test_a_model_that_encodes_once_scores_as_the_energy_does(name, precision, random):
    make, x_shape, y_shape = ENERGIES[name]
    x = tf.constant(random.randn(*x_shape), tf.float32)
    y = tf.constant(random.rand(*y_shape), tf.float32)
    with made_in(precision):
        energy = make()
        scores = energy([x, y])
        oracle = "f1" if len(scores.shape) == 1 else "soft_pixel_accuracy"
        model = DVN(energy, oracle=oracle)
        model.build(x_shape, y_shape)
    found = model.score(model.encode(x), y)
    assert found.dtype == tf.float32
    np.testing.assert_allclose(found, scores, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", INFERENCE_NETWORKS)
def test_logits_are_those_of_single_precision_but_for_rounding(name, random):
    make, shape, outputs = INFERENCE_NETWORKS[name]
    x = tf.constant(random.randn(*shape), tf.float32)
    low, full = in_both(lambda: make(outputs), x)
    assert_close(low(x).numpy(), full(x).numpy())


def test_the_policy_is_as_it_was_afterwards():
    before = keras.config.dtype_policy()
    with pytest.raises(ZeroDivisionError), made_in("mixed_bfloat16"):
        raise ZeroDivisionError
    assert keras.config.dtype_policy() == before
    with pytest.raises(ConfigError, match="'mixed_float16' is unknown"), made_in("mixed_float16"):
        pass


def test_a_run_learns_as_well_and_is_evaluated_as_it_was_trained(tmp_path):
    results = {}
    for precision in ("float32", "mixed_bfloat16"):
        workdir = tmp_path / precision
        params = [f"train.precision = {precision!r}", "train.epochs = 5"]
        config.parse(["gin/digits/alen.gin"], params)
        results[precision] = trainer.train(workdir)["test"]["refined"]
    assert results["mixed_bfloat16"] != results["float32"]
    assert results["mixed_bfloat16"] == pytest.approx(results["float32"], abs=0.02)
    output = tmp_path / "again.json"
    done = run("evaluate", f"--workdir={workdir}", f"--output={output}")
    assert done.returncode == 0, done.stderr
    assert json.loads(output.read_text())["test"]["refined"] == results["mixed_bfloat16"]


def test_an_unknown_precision_is_named_before_data_is_asked_for(tmp_path):
    config.parse(["gin/weizmann_horses/fcn.gin"], ["train.precision = 'half'"])
    with pytest.raises(ConfigError, match=r"^train.precision = 'half' is .* 'mixed_bfloat16'"):
        trainer.train(tmp_path / "run")
