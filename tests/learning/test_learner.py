import numpy as np
import pytest
import tensorflow as tf

from alen_tf.inference.ascent import GradientAscent
from alen_tf.learning.alen import ALEN
from alen_tf.learning.dvn import DVN
from alen_tf.learning.feed_forward import FeedForward
from alen_tf.learning.min_max import MinMax
from alen_tf.networks.icnn import ICNN
from alen_tf.networks.mlp import MLP, MLPEnergy


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
