import numpy as np
import pytest

from alen_tf.models.spen_infnet import SPENInfNet
from alen_tf.networks.mlp import MLP, MLPEnergy
from tests.steps import step

from . import by_hand

MARGIN, TASK, ENTROPY, L2 = 2.0, 0.3, 0.2, 0.1


@pytest.fixture
def model(build):
    return build(
        SPENInfNet(
            MLPEnergy(hidden_units=6, global_units=3, l2=L2),
            MLP(hidden_units=6),
            margin=MARGIN,
            task_weight=TASK,
            entropy=ENTROPY,
        )
    )


def test_step_plays_the_hinge(model, batch, assert_gradient_step):
    x, y_true = batch
    theta = by_hand.weights_of(model.energy)
    phi = by_hand.weights_of(model.offending_network)
    psi = by_hand.weights_of(model.inference_network)

    def hinge(theta, phi):
        y = by_hand.sigmoid(by_hand.mlp(phi, x))
        cost = MARGIN * np.sum((y - y_true) ** 2, axis=1)
        margins = cost + by_hand.score(theta, x, y) - by_hand.score(theta, x, y_true)
        return np.maximum(margins, 0).mean()

    def stabilizers(weights):
        logits = by_hand.mlp(weights, x)
        task = by_hand.cross_entropy(logits, y_true).sum(axis=1).mean()
        entropy = by_hand.cross_entropy(logits, by_hand.sigmoid(logits)).sum(axis=1).mean()
        return TASK * task - ENTROPY * entropy

    def energy_loss(weights):
        return hinge(weights, phi) + by_hand.penalty(weights, L2)

    def offending_loss(weights):
        return -hinge(theta, weights) + stabilizers(weights)

    def inference_loss(weights):
        y = by_hand.sigmoid(by_hand.mlp(weights, x))
        return -by_hand.score(theta, x, y).mean() + stabilizers(weights)

    scalars = step(model, x, y_true)
    assert scalars["energy_loss/hinge"].numpy() > 0
    added = {"energy_loss": by_hand.penalty(theta, L2)}  # by the update
    for name, network, before, loss in (
        ("energy_loss", model.energy, theta, energy_loss),
        ("offending_loss", model.offending_network, phi, offending_loss),
        ("inference_loss", model.inference_network, psi, inference_loss),
    ):
        expected = loss(before) - added.get(name, 0.0)
        assert scalars[name].numpy() == pytest.approx(expected, rel=1e-5)
        assert_gradient_step(network, before, loss)


def test_psi_predicts(model, batch):
    x, _ = batch
    (y,) = model.path(x)
    expected = by_hand.sigmoid(by_hand.mlp(by_hand.weights_of(model.inference_network), x))
    np.testing.assert_allclose(y, expected, rtol=1e-5)


def test_phi_is_of_psis_architecture_with_weights_of_its_own(model):
    phi, psi = model.offending_network, model.inference_network
    assert type(phi) is MLP
    assert phi.hidden_units == psi.hidden_units
    first, second = (each.get_weights()[0] for each in (phi, psi))
    assert first.shape == second.shape
    assert np.all(first != second)


def test_phi_may_be_another_network(build, batch):
    model = build(SPENInfNet(MLPEnergy(), MLP(hidden_units=6), MLP(hidden_units=3)))
    before = model.offending_network.get_weights()[0]
    assert before.shape[1] == 3
    step(model, *batch)
    assert np.any(model.offending_network.get_weights()[0] != before)
