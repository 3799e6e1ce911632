import numpy as np
import pytest

from alen_tf.inference.ascent import GradientAscent
from alen_tf.models.min_max import MinMax
from alen_tf.networks.mlp import MLP, MLPEnergy
from tests.steps import step

STEPS, ETA = 2, 0.5


@pytest.fixture
def make(build, sgd, hand):
    def make(refined):
        return build(
            MinMax(
                energy=lambda outputs: MLPEnergy(
                    outputs, hidden_units=6, global_units=3, l2=hand.L2
                ),
                inference_network=lambda outputs: MLP(outputs, hidden_units=6),
                energy_optimizer=sgd,
                inference_optimizer=sgd,
                refinement=GradientAscent(STEPS, ETA),
                prediction=GradientAscent(STEPS, ETA),
                refined=refined,
            )
        )

    return make


def climb(hand, weights, x, y):
    """Refinement, Eq. 12."""
    for _ in range(STEPS):
        gradient = hand.slope(weights, x, y)
        y = np.clip(y + ETA * gradient / np.linalg.norm(gradient, axis=1, keepdims=True), 0, 1)
    return y


@pytest.mark.parametrize("refined", [False, True])
def test_step_plays_equation_3_or_5(make, batch, hand, refined):
    x, y_true = batch
    learner = make(refined)
    theta_v = hand.weights_of(learner.energy)
    theta_g = hand.weights_of(learner.inference_network)
    y_refined = climb(hand, theta_v, x, hand.sigmoid(hand.mlp(theta_g, x)))

    def objective(theta_v, theta_g):
        v = hand.score(theta_v, x, y_true)
        v = v - hand.score(theta_v, x, hand.sigmoid(hand.mlp(theta_g, x)))
        return (v - refined * hand.score(theta_v, x, y_refined)).mean()

    def energy_loss(weights):
        return -objective(weights, theta_g) + hand.penalty(weights)

    def inference_loss(weights):
        return objective(theta_v, weights)

    scalars = step(learner, x, y_true)
    expected = energy_loss(theta_v) - hand.penalty(theta_v)  # which the update adds
    assert scalars["energy_loss"].numpy() == pytest.approx(expected, rel=1e-4)
    assert scalars["inference_loss"].numpy() == pytest.approx(inference_loss(theta_g), rel=1e-4)
    hand.assert_gradient_step(learner.energy, theta_v, energy_loss)
    hand.assert_gradient_step(learner.inference_network, theta_g, inference_loss)


def test_prediction_refines_the_inference_network(make, batch, hand):
    x, _ = batch
    learner = make(refined=True)
    y = hand.sigmoid(hand.mlp(hand.weights_of(learner.inference_network), x))
    path = learner.predict(x)
    np.testing.assert_allclose(path[0], y, rtol=1e-5)
    expected = climb(hand, hand.weights_of(learner.energy), x, y)
    np.testing.assert_allclose(path[-1], expected, atol=1e-5)
