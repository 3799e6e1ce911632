"""What all methods share."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from alen_tf.inference.ascent import GradientAscent
from alen_tf.models.alen import ALEN
from alen_tf.models.dvn import DVN
from alen_tf.models.feed_forward import FeedForward
from alen_tf.models.min_max import MinMax
from alen_tf.models.spen import SPEN
from alen_tf.models.spen_e2e import SPENEndToEnd
from alen_tf.models.spen_infnet import SPENInfNet
from alen_tf.networks.icnn import ICNN
from alen_tf.networks.mlp import MLP, MLPEnergy
from tests.steps import step

from . import by_hand
from .conftest import FEATURES, LABELS, LEARNING_RATE

METHODS = {
    "alen": lambda: ALEN(MLPEnergy(), MLP(), refinement=GradientAscent(2, 0.3)),
    "dvn": lambda: DVN(MLPEnergy(), inference=GradientAscent(2, 0.3)),
    "feed_forward": lambda: FeedForward(MLP()),
    "min_max": lambda: MinMax(MLPEnergy(), MLP(), refinement=GradientAscent(2, 0.3)),
    "spen": lambda: SPEN(MLPEnergy(), inference=GradientAscent(2, 0.3)),
    "spen_e2e": lambda: SPENEndToEnd(MLPEnergy()),
    "spen_infnet": lambda: SPENInfNet(MLPEnergy(), MLP()),
}


@pytest.fixture(params=METHODS)
def model(request, build):
    return build(METHODS[request.param]())


@pytest.mark.parametrize("energy", [MLPEnergy, ICNN])
def test_checkpoints_hold_every_weight(build, batch, tmp_path, energy):
    """Also those of layers in lists, which Keras does not track in TensorFlow's checkpoints."""
    trained, restored = build(DVN(energy())), build(DVN(energy()))
    step(trained, *batch)
    path = tf.train.Checkpoint(model=trained.state).save(tmp_path / "checkpoint")
    tf.train.Checkpoint(model=restored.state).restore(path).assert_consumed()
    for expected, weight in zip(trained.energy.weights, restored.energy.weights, strict=True):
        np.testing.assert_array_equal(weight, expected)


def test_known_outputs_are_kept_and_the_others_refined_around_them(model, batch):
    x, y_true = batch
    known = np.where([1, 0, 0, 1], y_true, np.nan).astype(np.float32)
    plain, path = model.path(x), model.path(x, known=tf.constant(known))
    assert len(path) == len(plain)
    for y in path:
        np.testing.assert_array_equal(y.numpy()[:, [0, 3]], y_true[:, [0, 3]])
    np.testing.assert_array_equal(path[0].numpy()[:, 1:3], plain[0].numpy()[:, 1:3])
    if len(path) > 1:
        assert np.any(path[-1].numpy()[:, 1:3] != plain[-1].numpy()[:, 1:3])


# Penalties of weights.


class Doubled(keras.regularizers.L2):
    """Keras's L2 in name, but twice as strong."""

    def __call__(self, weight):
        return 2.0 * super().__call__(weight)


def squares_of_outputs(kernel, x):
    return 0.2 * x.T @ (x @ kernel) / len(x)  # Keras divides by the number of examples


KERNELS = {
    "l2": (keras.regularizers.L2(0.1), lambda kernel, x: 0.2 * kernel),
    "l1": (keras.regularizers.L1(0.1), lambda kernel, x: 0.1 * np.sign(kernel)),
    "own": (Doubled(0.1), lambda kernel, x: 0.4 * kernel),
}


def trained(build, batch, make_optimizer=None, frozen=None, **regularizers):
    """The only trained kernel of a user's own network before and after a step; its scalars."""
    layers = [keras.layers.Dense(LABELS, **regularizers)]
    if frozen:
        eye = keras.initializers.Identity()
        layers.insert(0, keras.layers.Dense(FEATURES, kernel_initializer=eye, **frozen))
        layers[0].trainable = False
    optimizer = make_optimizer and make_optimizer()
    model = build(FeedForward(keras.Sequential(layers)), optimizer)
    before = layers[-1].get_weights()[0]
    scalars = tf.function(lambda *batch: step(model, *batch))(*map(tf.constant, batch))
    return before, layers[-1].get_weights()[0], scalars


@pytest.fixture(params=["ours", "keras"])
def make_optimizer(request, sgd):
    return sgd if request.param == "ours" else lambda: keras.optimizers.SGD(LEARNING_RATE)


@pytest.mark.parametrize("name", KERNELS)
def test_regularizers_are_learned_and_told_but_are_no_part_of_losses(
    build, batch, make_optimizer, name
):
    regularizer, slope = KERNELS[name]
    _, free, scalars = trained(build, batch)
    before, penalised, found = trained(build, batch, make_optimizer, kernel_regularizer=regularizer)
    expected = LEARNING_RATE * slope(before, batch[0])
    np.testing.assert_allclose(free - penalised, expected, atol=1e-6)
    assert float(found["inference_loss"]) == float(scalars["inference_loss"])
    assert float(found["penalty/inference_network"]) == pytest.approx(float(regularizer(penalised)))
    assert "penalty/inference_network" not in scalars


def test_what_layers_add_to_losses_is_learned_too(build, batch, make_optimizer):
    squares = keras.regularizers.L2(0.1)
    _, free, scalars = trained(build, batch)
    before, penalised, found = trained(
        build, batch, make_optimizer, kernel_regularizer=squares, activity_regularizer=squares
    )
    slope = 0.2 * before + squares_of_outputs(before, batch[0])
    np.testing.assert_allclose(free - penalised, LEARNING_RATE * slope, atol=1e-6)
    assert float(found["inference_loss"]) == float(scalars["inference_loss"])


def test_frozen_weights_have_no_penalty(build, batch, make_optimizer):
    """As in Keras's own training; what layers add is still learned."""
    squares = keras.regularizers.L2(0.1)
    frozen = {"kernel_regularizer": squares}
    before, penalised, found = trained(
        build, batch, make_optimizer, frozen=frozen, activity_regularizer=squares
    )
    _, free, _ = trained(build, batch, frozen=frozen)
    slope = squares_of_outputs(before, batch[0])
    np.testing.assert_allclose(free - penalised, LEARNING_RATE * slope, atol=1e-6)
    assert "penalty/inference_network" not in found


def test_float16_scales_losses_and_nothing_else(build, batch, make_optimizer):
    """A network in float16 gets Keras's `LossScaleOptimizer`."""

    squares = keras.regularizers.L2(0.1)
    _, expected, scalars = trained(build, batch, make_optimizer, kernel_regularizer=squares)
    keras.config.set_dtype_policy("mixed_float16")
    try:
        _, after, found = trained(build, batch, make_optimizer, kernel_regularizer=squares)
    finally:
        keras.config.set_dtype_policy("float32")
    np.testing.assert_allclose(after, expected, atol=2e-3)
    assert set(found) == set(scalars)
    for name, value in scalars.items():
        assert float(found[name]) == pytest.approx(float(value), rel=1e-2), name


# Networks that do not learn.


@pytest.mark.parametrize("method", ["alen", "feed_forward", "min_max", "spen_infnet"])
def test_a_network_without_weights_may_take_part(batch, method):
    x, y_true = batch[0][:, :LABELS], batch[1]  # logits are the inputs
    model = METHODS[method]()
    model.inference_network = keras.Sequential([keras.layers.Activation("linear")])
    model.build((None, LABELS), (None, LABELS))
    model.compile("sgd", "sgd")
    before = [network_weights(model, name) for name in model.networks]
    scalars = tf.function(lambda *batch: step(model, *batch))(x, y_true)
    assert all(np.isfinite(value) for value in scalars.values())
    assert "inference_loss" in scalars
    assert "gradient_norm/inference_network" not in scalars
    after = [network_weights(model, name) for name in model.networks]
    for name, old, new in zip(model.networks, before, after, strict=True):
        assert np.array_equal(old, new) == (name == "inference_network")
    np.testing.assert_allclose(model.path(x)[0], by_hand.sigmoid(x), rtol=1e-5)


def network_weights(model, name):
    return np.concatenate([[0.0], *(each.ravel() for each in getattr(model, name).get_weights())])


def test_an_energy_that_does_not_learn_does_not_stop_the_count_of_steps(build, batch):
    model = build(METHODS["alen"]())
    model.energy.trainable = False
    model.compile("sgd", "sgd")
    seeds = []
    for _ in range(2):
        seeds.append(model.seed_of_step(model.optimizers["energy"]).numpy())
        before = model.energy.get_weights()
        step(model, *batch)
        for old, new in zip(before, model.energy.get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)
    assert np.any(seeds[0] != seeds[1])
