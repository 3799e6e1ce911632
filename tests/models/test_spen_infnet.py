import numpy as np
import pytest

from alen_tf.models.spen_infnet import SPENInfNet
from alen_tf.networks.mlp import MLP, MLPEnergy
from tests.steps import step

MARGIN, TASK, ENTROPY = 2.0, 0.3, 0.2


@pytest.fixture
def learner(build, sgd, hand):
    return build(
        SPENInfNet(
            energy=lambda outputs: MLPEnergy(outputs, hidden_units=6, global_units=3, l2=hand.L2),
            inference_network=lambda outputs: MLP(outputs, hidden_units=6),
            energy_optimizer=sgd,
            inference_optimizer=sgd,
            margin=MARGIN,
            task_weight=TASK,
            entropy=ENTROPY,
        )
    )


def test_step_plays_the_hinge(learner, batch, hand):
    x, y_true = batch
    theta = hand.weights_of(learner.energy)
    phi = hand.weights_of(learner.offending_network)
    psi = hand.weights_of(learner.inference_network)

    def hinge(theta, phi):
        y = hand.sigmoid(hand.mlp(phi, x))
        cost = MARGIN * np.sum((y - y_true) ** 2, axis=1)
        return np.maximum(cost + hand.score(theta, x, y) - hand.score(theta, x, y_true), 0).mean()

    def stabilizers(weights):
        logits = hand.mlp(weights, x)
        task = hand.cross_entropy(logits, y_true).sum(axis=1).mean()
        entropy = hand.cross_entropy(logits, hand.sigmoid(logits)).sum(axis=1).mean()
        return TASK * task - ENTROPY * entropy

    def energy_loss(weights):
        return hinge(weights, phi) + hand.penalty(weights)

    def offending_loss(weights):
        return -hinge(theta, weights) + stabilizers(weights)

    def inference_loss(weights):
        y = hand.sigmoid(hand.mlp(weights, x))
        return -hand.score(theta, x, y).mean() + stabilizers(weights)

    scalars = step(learner, x, y_true)
    assert scalars["energy_loss/hinge"].numpy() > 0
    added = {"energy_loss": hand.penalty(theta)}  # by the update
    for name, network, before, loss in (
        ("energy_loss", learner.energy, theta, energy_loss),
        ("offending_loss", learner.offending_network, phi, offending_loss),
        ("inference_loss", learner.inference_network, psi, inference_loss),
    ):
        expected = loss(before) - added.get(name, 0.0)
        assert scalars[name].numpy() == pytest.approx(expected, rel=1e-5)
        hand.assert_gradient_step(network, before, loss)


def test_psi_predicts(learner, batch, hand):
    x, _ = batch
    (y,) = learner.predict(x)
    expected = hand.sigmoid(hand.mlp(hand.weights_of(learner.inference_network), x))
    np.testing.assert_allclose(y, expected, rtol=1e-5)
