"""What methods that learn an energy share."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from alen_tf.errors import ConfigError
from alen_tf.inference.ascent import GradientAscent
from alen_tf.inference.spaces import Box
from alen_tf.models.alen import ALEN
from alen_tf.models.dvn import DVN
from alen_tf.models.feed_forward import FeedForward
from alen_tf.models.min_max import MinMax
from alen_tf.models.spen import SPEN
from alen_tf.networks.conv import ConvEnergy
from alen_tf.networks.energy import Energy, matrix_score
from alen_tf.networks.fcn import FCNEnergy
from alen_tf.networks.mlp import MLP, MLPEnergy
from tests.steps import step

from . import by_hand
from .conftest import FEATURES, LABELS

METHODS = {
    "alen": lambda: ALEN(MLPEnergy(), MLP()),
    "dvn": lambda: DVN(MLPEnergy()),
    "feed_forward": lambda: FeedForward(MLP()),
    "min_max": lambda: MinMax(MLPEnergy(), MLP()),
}


@pytest.mark.parametrize("name", METHODS)
def test_confidence_is_the_value_where_it_is_an_expectation(build, batch, name):
    model = build(METHODS[name]())
    x, y_true = batch
    found = model.confidence(x, y_true)
    if name in ("alen", "dvn"):
        score = by_hand.score(by_hand.weights_of(model.energy), x, y_true)
        np.testing.assert_allclose(found, by_hand.sigmoid(score), rtol=1e-5)
    else:
        assert found is None


@pytest.mark.parametrize("name", ["dvn", "min_max"])
def test_values_of_any_number_of_rows(build, batch, name):
    model = build(METHODS[name]())
    x, y = (np.tile(each, (200, 1)) for each in batch)
    score = by_hand.score(by_hand.weights_of(model.energy), x, y)
    expected = by_hand.sigmoid(score) if name == "dvn" else score
    np.testing.assert_allclose(model.value(x, y), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model.value(x, y.astype(int)), expected, rtol=1e-4, atol=1e-5)


# Any model of [x, y] is an energy.


def functional(shape):
    """An energy that Keras makes of layers, and that encodes nothing: y' W x + b."""
    x, y = keras.Input((FEATURES,)), keras.Input((LABELS,))
    z = keras.layers.Dense(LABELS)(x)
    score = keras.ops.sum(y * z, axis=-1, keepdims=bool(shape))
    return keras.Model([x, y], score)


@pytest.mark.parametrize("shape", [(), (1,)], ids=["batch", "batch_1"])
def test_a_model_of_x_and_y_learns_as_one_that_encodes_x(build, batch, assert_gradient_step, shape):
    x, y_true = batch
    ascent = GradientAscent(2, 0.3, norm=None)
    model = build(SPEN(functional(shape), inference=ascent))
    before = by_hand.weights_of(model.energy)
    kernel, bias = before
    y = by_hand.ascend(
        lambda y: 2 * (y - y_true) + x @ kernel + bias, np.zeros_like(y_true), 2, 0.3
    )[-1]

    def hinge(weights):
        kernel, bias = weights
        margins = np.sum((y - y_true) ** 2 + (y - y_true) * (x @ kernel + bias), axis=1)
        return np.maximum(margins, 0).mean()

    scalars = step(model, x, y_true)
    assert scalars["energy_loss"].numpy() == pytest.approx(hinge(before), rel=1e-5)
    assert_gradient_step(model.energy, before, hinge)
    kernel, bias = by_hand.weights_of(model.energy)
    expected = by_hand.ascend(lambda y: x @ kernel + bias, np.zeros_like(y_true), 2, 0.3)
    np.testing.assert_allclose(model.path(x), expected, atol=1e-5)
    np.testing.assert_allclose(
        model.value(x, y_true), np.sum(y_true * (x @ kernel + bias), axis=1), rtol=1e-5
    )


@pytest.mark.parametrize("oracle", ["soft_pixel_accuracy", "iou"])
def test_an_energy_and_an_oracle_that_value_other_things_are_named(oracle):
    """With a batch as large as an image is wide they would broadcast, and learn nonsense."""
    energy = ConvEnergy if oracle == "soft_pixel_accuracy" else FCNEnergy
    model = DVN(energy(), oracle=oracle)
    with pytest.raises(ConfigError, match=f"{energy.__name__}.* scores .* but the oracle values"):
        model.build((None, 8, 8, 3), (None, 8, 8, 1))


def test_a_score_of_another_shape_is_named():
    x, y = keras.Input((FEATURES,)), keras.Input((LABELS,))
    energy = keras.Model([x, y], keras.layers.Dense(LABELS)(x) * y)
    message = r"energy gives shape \[batch, 4\] for outputs of shape \[batch, 4\], not a score"
    with pytest.raises(ConfigError, match=message):
        DVN(energy).build((None, FEATURES), (None, LABELS))


# Scores of pixels.


class Opinions(Energy):
    """A score at every pixel whose slope is a fixed opinion."""

    opinions = np.float32([[[8.0, -0.5], [1.0, -6.0]]])[..., None]

    def __init__(self):
        super().__init__()
        self.scale = self.add_weight(shape=(), initializer="ones")

    def encode(self, x, training=False):
        return self.scale

    def score(self, z, y):
        return matrix_score(y, z * self.opinions)


class Free(Box):
    """A space that ends nowhere."""

    def project(self, y):
        return y


def of_pixels(**changes):
    model = DVN(Opinions(), oracle="soft_pixel_accuracy", **changes)
    model.build((None, 2, 2, 3), (None, 2, 2, 1))
    model.compile()
    return model


@pytest.mark.parametrize("objective", ["value", "log_value"])
def test_what_an_ascent_climbs_of_many_values(objective):
    ascent = GradientAscent(1, 1.0, norm=None, objective=objective)
    model = of_pixels(output_space=Free(), inference=ascent)
    y = np.float32([[[0.0, 1.0], [0.0, 0.3]]])[..., None]
    opinions = Opinions.opinions
    v = by_hand.sigmoid((y - 0.5) * opinions)
    slope = (1 - v) * opinions / 4 if objective == "log_value" else v * (1 - v) * opinions / 4
    found = model.ascend(ascent, model.encode(y), tf.constant(y))
    np.testing.assert_allclose(found[1], y + slope, rtol=1e-5)
    # The place that is surest to be wrong is the first to move, or the last one of those in doubt.
    moved = np.abs(found[1] - y)[0, :, :, 0]
    assert (moved[0, 0] > moved[1, 0]) == (objective == "log_value")


def test_weights_of_examples_weigh_all_their_pixels():
    model = of_pixels()
    y_true = np.float32([[[0, 1], [0, 1]], [[1, 1], [0, 0]]])[..., None]
    weight = np.float32([2.0, 0.5])
    x = np.zeros((2, 2, 2, 3), np.float32)
    scalars = step(model, x, y_true, weight=tf.constant(weight))
    scores = ((y_true - 0.5) * Opinions.opinions)[..., 0]
    errors = by_hand.cross_entropy(scores, 1.0)  # the truth's oracle value is 1 at every pixel
    expected = 0.25 * np.mean(weight[:, None, None] * errors)
    assert scalars["energy_loss/truth"].numpy() == pytest.approx(expected, rel=1e-5)
    assert expected != pytest.approx(0.25 * errors.mean(), rel=0.1)


def test_one_value_and_its_logarithm_have_one_direction(build, batch):
    def paths(objective):
        ascent = GradientAscent(3, 0.3, objective=objective)
        return build(DVN(MLPEnergy(), inference=ascent)).path(batch[0])

    for found, expected in zip(paths("log_value"), paths("value"), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_values_without_bounds_have_no_logarithm(build, batch):
    ascent = GradientAscent(3, 0.3, norm=None, objective="log_value")
    model = build(MinMax(MLPEnergy(), MLP(), refinement=ascent))
    message = 'min_max: objective = "log_value" needs values between 0 and 1'
    with pytest.raises(ConfigError, match=message):
        model.path(batch[0])
