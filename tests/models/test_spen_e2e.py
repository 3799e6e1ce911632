import numpy as np
import pytest
import tensorflow as tf

from alen_tf.inference.mirror import MirrorAscent
from alen_tf.models.spen_e2e import SPENEndToEnd
from alen_tf.networks.icnn import ICNN
from alen_tf.networks.mlp import MLPEnergy
from tests.steps import step

from . import by_hand

STEPS, ETA, ENTROPY, FLOOR, L2 = 3, 0.8, 0.5, 0.1, 0.1


@pytest.fixture
def model(build):
    return build(
        SPENEndToEnd(
            MLPEnergy(hidden_units=6, global_units=3, l2=L2),
            prediction=MirrorAscent(STEPS, ETA, ENTROPY, FLOOR),
        )
    )


def iterates(weights, x, labels):
    """Logits of y(1), ..., y(T) of mirror ascent from the uninformed output."""
    logits = np.full((len(x), labels), np.log(FLOOR / (1 - FLOOR)))
    path = []
    for _ in range(STEPS):
        gradient = by_hand.slope(weights, x, by_hand.sigmoid(logits)) - ENTROPY * logits
        logits = logits + ETA * gradient
        path.append(logits)
    return path


def test_step_differentiates_through_the_ascent(model, batch, assert_gradient_step):
    x, y_true = batch
    before = by_hand.weights_of(model.energy)

    def error(weights):
        path = iterates(weights, x, y_true.shape[1])
        errors = [by_hand.cross_entropy(logits, y_true).sum(axis=1).mean() for logits in path]
        return np.mean(errors)

    scalars = step(model, x, y_true)
    assert scalars["energy_loss"].numpy() == pytest.approx(error(before), rel=1e-5)
    assert_gradient_step(
        model.energy, before, lambda weights: error(weights) + by_hand.penalty(weights, L2)
    )


def test_prediction_is_the_ascent_of_training(model, batch):
    x, y_true = batch
    path = iterates(by_hand.weights_of(model.energy), x, y_true.shape[1])
    np.testing.assert_allclose(model.path(x)[1:], by_hand.sigmoid(np.stack(path)), rtol=1e-4)


def test_an_offset_of_the_score_gets_no_gradient(build, batch):
    model = build(SPENEndToEnd(ICNN(), prediction=MirrorAscent(STEPS, ETA)))
    before = model.energy.offsets[-1].kernel.numpy()
    norm = tf.function(lambda x, y: step(model, x, y)["gradient_norm/energy"])
    assert norm(*map(tf.constant, batch)).numpy() > 0
    np.testing.assert_array_equal(model.energy.offsets[-1].kernel, before)
