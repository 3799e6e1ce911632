import numpy as np
import pytest

from alen_tf.inference.ascent import GradientAscent
from alen_tf.models.spen import SPEN
from alen_tf.networks.mlp import MLPEnergy
from alen_tf.objectives import losses, oracles
from tests.steps import step

STEPS, ETA, MARGIN = 3, 0.3, 2.0


@pytest.fixture
def make(build, sgd, hand):
    def make():
        return build(
            SPEN(
                energy=lambda outputs: MLPEnergy(
                    outputs, hidden_units=6, global_units=3, l2=hand.L2
                ),
                energy_optimizer=sgd,
                inference=GradientAscent(STEPS, ETA, normalize=False),
                prediction=GradientAscent(STEPS, ETA, normalize=False),
                cost=losses.squared_difference,
                margin=MARGIN,
            )
        )

    return make


def test_step_descends_the_hinge_at_the_loss_augmented_output(make, batch, hand):
    x, y_true = batch
    learner = make()
    before = hand.weights_of(learner.energy)
    y = np.zeros_like(y_true)
    for _ in range(STEPS):  # climbs cost + score
        y = np.clip(y + ETA * (MARGIN * 2 * (y - y_true) + hand.slope(before, x, y)), 0, 1)
    cost = MARGIN * np.sum((y - y_true) ** 2, axis=1)

    def loss(weights):
        margins = cost + hand.score(weights, x, y) - hand.score(weights, x, y_true)
        return np.maximum(margins, 0).mean() + hand.penalty(weights)

    scalars = step(learner, x, y_true)
    assert scalars["energy_loss/hinge"].numpy() > 0
    expected = loss(before) - hand.penalty(before)  # which the update adds
    assert scalars["energy_loss"].numpy() == pytest.approx(expected, rel=1e-5)
    hand.assert_gradient_step(learner.energy, before, loss)


def test_prediction_climbs_the_score_alone(make, batch, hand):
    x, y_true = batch
    learner = make()
    y = np.zeros_like(y_true)
    for _ in range(STEPS):
        y = np.clip(y + ETA * hand.slope(hand.weights_of(learner.energy), x, y), 0, 1)
    np.testing.assert_allclose(learner.predict(x)[-1], y, atol=1e-5)


def test_f1_cost_is_the_missing_oracle_value(batch, hand):
    _, y_true = batch
    y = np.float32(np.random.default_rng(0).uniform(size=y_true.shape))
    np.testing.assert_allclose(oracles.f1_cost(y, y_true), 1 - hand.f1(y, y_true), rtol=1e-5)
