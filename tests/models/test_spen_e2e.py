import numpy as np
import pytest
import tensorflow as tf

from alen_tf.inference.mirror import MirrorAscent
from alen_tf.models.spen_e2e import SPENEndToEnd
from alen_tf.networks.icnn import ICNN
from alen_tf.networks.mlp import MLPEnergy
from tests.steps import step

STEPS, ETA, ENTROPY, FLOOR = 3, 0.8, 0.5, 0.1


@pytest.fixture
def learner(build, sgd, hand):
    return build(
        SPENEndToEnd(
            energy=lambda outputs: MLPEnergy(outputs, hidden_units=6, global_units=3, l2=hand.L2),
            energy_optimizer=sgd,
            prediction=MirrorAscent(STEPS, ETA, ENTROPY, FLOOR),
        )
    )


def iterates(hand, weights, x, labels):
    """Logits of y(1), ..., y(T) of mirror ascent from the uninformed output."""
    logits = np.full((len(x), labels), np.log(FLOOR / (1 - FLOOR)))
    path = []
    for _ in range(STEPS):
        gradient = hand.slope(weights, x, hand.sigmoid(logits)) - ENTROPY * logits
        logits = logits + ETA * gradient
        path.append(logits)
    return path


def test_step_differentiates_through_the_ascent(learner, batch, hand):
    x, y_true = batch
    before = hand.weights_of(learner.energy)

    def loss(weights):
        path = iterates(hand, weights, x, y_true.shape[1])
        errors = [hand.cross_entropy(logits, y_true).sum(axis=1).mean() for logits in path]
        return np.mean(errors) + hand.penalty(weights)

    scalars = step(learner, x, y_true)
    expected = loss(before) - hand.penalty(before)  # which the update adds
    assert scalars["energy_loss"].numpy() == pytest.approx(expected, rel=1e-5)
    hand.assert_gradient_step(learner.energy, before, loss)


def test_prediction_is_the_ascent_of_training(learner, batch, hand):
    x, y_true = batch
    path = iterates(hand, hand.weights_of(learner.energy), x, y_true.shape[1])
    np.testing.assert_allclose(learner.predict(x)[1:], hand.sigmoid(np.stack(path)), rtol=1e-4)


def test_an_offset_of_the_score_gets_no_gradient(build, sgd, batch):
    learner = build(SPENEndToEnd(ICNN, sgd, MirrorAscent(STEPS, ETA)))
    before = learner.energy.offsets[-1].kernel.numpy()
    norm = tf.function(lambda x, y: step(learner, x, y)["gradient_norm/energy"])
    assert norm(*map(tf.constant, batch)).numpy() > 0
    np.testing.assert_array_equal(learner.energy.offsets[-1].kernel, before)
