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
from alen_tf.networks.conv import ConvEnergy
from alen_tf.networks.energy import Energy, matrix_score
from alen_tf.networks.fcn import FCNEnergy
from alen_tf.networks.icnn import ICNN
from alen_tf.networks.mlp import MLP, MLPEnergy
from alen_tf.objectives import oracles


@pytest.mark.parametrize("energy", [MLPEnergy, ICNN])
def test_checkpoints_hold_every_weight(build, sgd, batch, tmp_path, energy):
    """Also those of layers in lists, which Keras does not track in TensorFlow's checkpoints."""

    def make():
        ascent = GradientAscent(steps=2, step_size=1.0)
        return build(DVN(energy, sgd, ascent, ascent, ascent))

    trained, restored = make(), make()
    trained.train_step(*batch)
    path = tf.train.Checkpoint(learner=trained).save(tmp_path / "checkpoint")
    tf.train.Checkpoint(learner=restored).restore(path).assert_consumed()
    for expected, weight in zip(trained.energy.weights, restored.energy.weights, strict=True):
        np.testing.assert_array_equal(weight, expected)


def make_learners(sgd):
    ascent = GradientAscent(steps=2, step_size=0.3)
    return {
        "alen": ALEN(MLPEnergy, MLP, sgd, sgd, ascent, ascent),
        "dvn": DVN(MLPEnergy, sgd, ascent, ascent, ascent),
        "feed_forward": FeedForward(MLP, sgd),
        "min_max": MinMax(MLPEnergy, MLP, sgd, sgd, ascent, ascent),
    }


@pytest.mark.parametrize("name", ["alen", "dvn", "feed_forward", "min_max"])
def test_known_outputs_are_kept_and_the_others_refined_around_them(build, sgd, batch, name):
    learner = build(make_learners(sgd)[name])
    x, y_true = batch
    known = np.where([1, 0, 0, 1], y_true, np.nan).astype(np.float32)
    plain, path = learner.predict(x), learner.predict(x, known=tf.constant(known))
    assert len(path) == len(plain)
    for y in path:
        np.testing.assert_array_equal(y.numpy()[:, [0, 3]], y_true[:, [0, 3]])
    np.testing.assert_array_equal(path[0].numpy()[:, 1:3], plain[0].numpy()[:, 1:3])
    if len(path) > 1:
        assert np.any(path[-1].numpy()[:, 1:3] != plain[-1].numpy()[:, 1:3])


@pytest.mark.parametrize("name", ["alen", "dvn", "feed_forward", "min_max"])
def test_confidence_is_the_value_where_it_is_an_expectation(build, sgd, batch, hand, name):
    learner = build(make_learners(sgd)[name])
    x, y_true = batch
    found = learner.confidence(x, y_true)
    if name in ("alen", "dvn"):
        score = hand.score(hand.weights_of(learner.energy), x, y_true)
        np.testing.assert_allclose(found, hand.sigmoid(score), rtol=1e-5)
    else:
        assert found is None


class Opinions(Energy):
    """A score at every place whose slope is a fixed opinion."""

    opinions = np.float32([[[8.0, -0.5], [1.0, -6.0]]])[..., None]

    def __init__(self, outputs):
        super().__init__()
        self.scale = self.add_weight(shape=(), initializer="ones")

    def encode(self, x, training=False):
        return self.scale

    def score(self, z, y):
        return matrix_score(y, z * self.opinions)


@pytest.mark.parametrize("log_value", [False, True])
def test_what_an_ascent_climbs_of_many_values(sgd, log_value):
    ascent = GradientAscent(1, 1.0, normalize=False, log_value=log_value)
    learner = DVN(Opinions, sgd, ascent, ascent, ascent)
    y = np.float32([[[0.0, 1.0], [0.0, 0.3]]])[..., None]
    learner.build((2, 2, 3), (2, 2, 1), Free(), oracles.agreement, total_steps=1)
    opinions = Opinions.opinions
    v = 1 / (1 + np.exp(-(y - 0.5) * opinions))
    slope = (1 - v) * opinions / 4 if log_value else v * (1 - v) * opinions / 4
    found = learner.ascend(ascent, learner.energy.encode(y), tf.constant(y))
    np.testing.assert_allclose(found[1], y + slope, rtol=1e-5)
    # The place that is surest to be wrong is the first to move, or the last one of those in doubt.
    moved = np.abs(found[1] - y)[0, :, :, 0]
    assert (moved[0, 0] > moved[1, 0]) == log_value


class Free(Box):
    """A space that ends nowhere."""

    def project(self, y):
        return y


def test_one_value_and_its_logarithm_have_one_direction(build, sgd, batch):
    def paths(log_value):
        ascent = GradientAscent(3, 0.3, log_value=log_value)
        return build(DVN(MLPEnergy, sgd, ascent, ascent, ascent)).predict(batch[0])

    for found, expected in zip(paths(True), paths(False), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_values_without_bounds_have_no_logarithm(build, sgd, batch):
    ascent = GradientAscent(3, 0.3, normalize=False, log_value=True)
    learner = build(MinMax(MLPEnergy, MLP, sgd, sgd, ascent, ascent))
    with pytest.raises(ConfigError, match="min_max: an ascent with log_value needs values between"):
        learner.predict(batch[0])


@pytest.mark.parametrize("oracle", [oracles.agreement, oracles.iou])
def test_an_energy_and_an_oracle_that_value_other_things_are_named(sgd, oracle):
    """With a batch as large as an image is wide they would broadcast, and learn nonsense."""
    ascent = GradientAscent(steps=1, step_size=1.0)
    energy = ConvEnergy if oracle is oracles.agreement else FCNEnergy
    learner = DVN(energy, sgd, ascent, ascent, ascent)
    with pytest.raises(ConfigError, match=f"{energy.__name__} scores .* but the oracle values"):
        learner.build((8, 8, 3), (8, 8, 1), Box(), oracle, total_steps=10)


def test_an_optimizer_that_would_pass_over_the_penalty_is_named(build):
    with pytest.raises(ConfigError, match="MLP has an l2, which SGD does not add: take @sgd"):
        build(FeedForward(lambda outputs: MLP(outputs, l2=0.1), lambda _: keras.optimizers.SGD()))
    build(FeedForward(MLP, lambda _: keras.optimizers.SGD()))


def test_what_keras_adds_to_losses_is_learned(build, sgd, batch):
    """A user's own network may have any of Keras's regularizers."""

    def moved(regularizer):
        def network(outputs):
            return keras.Sequential([keras.layers.Dense(outputs, kernel_regularizer=regularizer)])

        learner = build(FeedForward(network, sgd))
        kernel, _ = learner.inference_network.get_weights()
        losses, _ = learner.train_step(*map(tf.constant, batch))
        after, _ = learner.inference_network.get_weights()
        return kernel, after, float(losses["inference_loss"])

    kernel, free, loss = moved(None)
    _, penalised, penalised_loss = moved(keras.regularizers.L2(0.1))
    assert penalised_loss == pytest.approx(loss + 0.1 * np.sum(kernel**2), rel=1e-5)
    rate = sgd(1).learning_rate
    np.testing.assert_allclose(free - penalised, rate * 0.2 * kernel, atol=1e-6)
