import numpy as np
import pytest

from alen_tf.inference.ascent import GradientAscent
from alen_tf.models.min_max import MinMax
from alen_tf.networks.mlp import MLP, MLPEnergy
from tests.steps import step

from . import by_hand

STEPS, ETA, L2 = 2, 0.5, 0.1


@pytest.fixture
def make_model(build):
    def make(refined):
        return build(
            MinMax(
                MLPEnergy(hidden_units=6, global_units=3, l2=L2),
                MLP(hidden_units=6),
                refinement=GradientAscent(STEPS, ETA),
                refined=refined,
            )
        )

    return make


def climb(weights, x, y):
    """Refinement, Eq. 12."""
    return by_hand.ascend(lambda y: by_hand.slope(weights, x, y), y, STEPS, ETA, norm="l2")[-1]


@pytest.mark.parametrize("refined", [False, True])
def test_step_plays_equation_3_or_5(make_model, batch, assert_gradient_step, refined):
    x, y_true = batch
    model = make_model(refined)
    theta_v = by_hand.weights_of(model.energy)
    theta_g = by_hand.weights_of(model.inference_network)
    y_refined = climb(theta_v, x, by_hand.sigmoid(by_hand.mlp(theta_g, x)))

    def objective(theta_v, theta_g):
        v = by_hand.score(theta_v, x, y_true)
        v = v - by_hand.score(theta_v, x, by_hand.sigmoid(by_hand.mlp(theta_g, x)))
        return (v - refined * by_hand.score(theta_v, x, y_refined)).mean()

    def energy_loss(weights):
        return -objective(weights, theta_g) + by_hand.penalty(weights, L2)

    def inference_loss(weights):
        return objective(theta_v, weights)

    scalars = step(model, x, y_true)
    expected = -objective(theta_v, theta_g)
    assert scalars["energy_loss"].numpy() == pytest.approx(expected, rel=1e-4)
    assert scalars["inference_loss"].numpy() == pytest.approx(-expected, rel=1e-4)
    assert_gradient_step(model.energy, theta_v, energy_loss)
    assert_gradient_step(model.inference_network, theta_g, inference_loss)


def test_prediction_refines_the_inference_network(make_model, batch):
    x, _ = batch
    model = make_model(refined=True)
    y = by_hand.sigmoid(by_hand.mlp(by_hand.weights_of(model.inference_network), x))
    path = model.path(x)
    np.testing.assert_allclose(path[0], y, rtol=1e-5)
    expected = climb(by_hand.weights_of(model.energy), x, y)
    np.testing.assert_allclose(path[-1], expected, atol=1e-5)
