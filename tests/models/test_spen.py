import numpy as np
import pytest

from alen_tf.errors import ConfigError
from alen_tf.inference.ascent import GradientAscent
from alen_tf.models.spen import SPEN
from alen_tf.networks.mlp import MLPEnergy
from alen_tf.objectives import oracles
from tests.steps import step

from . import by_hand

STEPS, ETA, MARGIN, L2 = 3, 0.3, 2.0, 0.1


@pytest.fixture
def model(build):
    return build(
        SPEN(
            MLPEnergy(hidden_units=6, global_units=3, l2=L2),
            inference=GradientAscent(STEPS, ETA, norm=None),
            cost="squared_difference",
            margin=MARGIN,
        )
    )


def test_step_descends_the_hinge_at_the_loss_augmented_output(model, batch, assert_gradient_step):
    x, y_true = batch
    before = by_hand.weights_of(model.energy)

    def uphill(y):  # of cost + score
        return MARGIN * 2 * (y - y_true) + by_hand.slope(before, x, y)

    y = by_hand.ascend(uphill, np.zeros_like(y_true), STEPS, ETA)[-1]
    cost = MARGIN * np.sum((y - y_true) ** 2, axis=1)

    def hinge(weights):
        margins = cost + by_hand.score(weights, x, y) - by_hand.score(weights, x, y_true)
        return np.maximum(margins, 0).mean()

    scalars = step(model, x, y_true)
    assert scalars["energy_loss/hinge"].numpy() > 0
    assert scalars["energy_loss"].numpy() == pytest.approx(hinge(before), rel=1e-5)
    assert_gradient_step(
        model.energy, before, lambda weights: hinge(weights) + by_hand.penalty(weights, L2)
    )


def test_prediction_climbs_the_score_alone(model, batch):
    x, y_true = batch
    weights = by_hand.weights_of(model.energy)
    y = by_hand.ascend(lambda y: by_hand.slope(weights, x, y), np.zeros_like(y_true), STEPS, ETA)
    np.testing.assert_allclose(model.path(x)[-1], y[-1], atol=1e-5)


def test_f1_cost_is_the_missing_oracle_value(batch):
    _, y_true = batch
    y = np.float32(np.random.default_rng(0).uniform(size=y_true.shape))
    np.testing.assert_allclose(oracles.f1_cost(y, y_true), 1 - by_hand.f1(y, y_true), rtol=1e-5)
    assert SPEN(MLPEnergy(), cost="f1_cost").cost is oracles.f1_cost


def test_an_unknown_cost_is_named():
    with pytest.raises(
        ConfigError, match="cost 'hamming' is unknown; expected one of f1_cost, squared"
    ):
        SPEN(MLPEnergy(), cost="hamming")
