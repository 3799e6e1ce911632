"""Regression on oracle values around an inference network that is trained already."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from alen_tf.inference.ascent import GradientAscent
from alen_tf.models.oracle_regression import TUPLES, OracleRegression
from alen_tf.networks.expected_oracle import ExpectedOracle
from tests.steps import step

from . import by_hand

LABELS, BATCH = 4, 6


def make(learning_rate=0.1, **options):
    keras.utils.set_random_seed(0)
    model = OracleRegression(
        ExpectedOracle(units=3, l2=0.0),
        keras.Sequential([keras.layers.Dense(LABELS)]),
        refinement=GradientAscent(3, 0.5, active_set=True),
        seed=2,
        **options,
    )
    model.build((None, 5), (None, LABELS))
    model.energy.residual.kernel.assign(np.ones((3, 1)))
    model.compile(energy_optimizer=keras.optimizers.SGD(learning_rate))
    return model


@pytest.fixture
def batch(random):
    x = np.float32(random.randn(BATCH, 5))
    return x, np.float32(random.rand(BATCH, LABELS) < 0.5)


def test_losses_are_the_weighted_cross_entropies_of_values_to_oracle_values(batch):
    model, (x, y_true) = make(), batch
    logits = model.inference_network(x)
    z = model.encode(x, logits)
    seeds = tf.random.experimental.stateless_split(model.seed_of_step(model.optimizers["energy"]))
    outputs = model.outputs(z, tf.sigmoid(logits), tf.constant(y_true), seeds)
    assert set(outputs) == set(TUPLES)
    expected = {
        kind: TUPLES[kind]
        * np.mean(
            by_hand.cross_entropy(np.float64(model.score(z, y)), by_hand.f1(y.numpy(), y_true))
        )
        for kind, y in outputs.items()
    }
    found = step(model, x, y_true)
    for kind, value in expected.items():
        assert float(found[f"energy_loss/{kind}"]) == pytest.approx(value, rel=1e-4), kind
    assert float(found["energy_loss"]) == pytest.approx(sum(expected.values()), rel=1e-4)


def test_kinds_of_outputs(batch):
    model, (x, y_true) = make(zero_init_fraction=0.5), batch
    y = tf.sigmoid(model.inference_network(x))
    z = model.encode(x, model.inference_network(x))
    seeds = tf.constant([[1, 2], [3, 4]])
    outputs = {
        kind: each.numpy() for kind, each in model.outputs(z, y, tf.constant(y_true), seeds).items()
    }
    start = np.where(np.arange(BATCH)[:, None] < BATCH // 2, 0.0, y)
    path = np.stack(model.ascend(model.refinement, z, tf.constant(start, tf.float32)))
    np.testing.assert_allclose(outputs["refined"], path[-1], atol=1e-6)
    np.testing.assert_array_equal(outputs["decoded"], outputs["refined"] >= 0.5)
    np.testing.assert_array_equal(outputs["decoded_iterate"], outputs["iterate"] >= 0.5)
    for row in range(BATCH):
        assert any(np.allclose(outputs["iterate"][row], each[row], atol=1e-6) for each in path)
        inside = y[row].numpy()[outputs["cut_marginals"][row] == 1]
        outside = y[row].numpy()[outputs["cut_marginals"][row] == 0]
        assert min(inside, default=1.0) >= max(outside, default=0.0)


def test_the_inference_network_rests_and_weights_can_be_set(batch):
    model, (x, y_true) = make(tuples={"truth": 0.0}), batch
    before = model.inference_network.get_weights()
    found = step(model, x, y_true)
    for one, other in zip(before, model.inference_network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert float(found["energy_loss/truth"]) == 0.0
    assert float(found["energy_loss/marginals"]) > 0.0
