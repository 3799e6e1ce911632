"""ALEN's training step against Algorithm 1 written out in NumPy, and what each argument does."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from alen_tf.inference.ascent import GradientAscent
from alen_tf.inference.spaces import Box
from alen_tf.models import optimizers
from alen_tf.models.alen import ALEN
from alen_tf.models.starts import varied
from alen_tf.networks.mlp import MLP, MLPEnergy
from alen_tf.objectives import losses, oracles
from tests.steps import step

from .algorithm_1 import PAPER, Reference, ascend
from .conftest import mlp, sigmoid, weights_of

FEATURES, LABELS, BATCH = 3, 4, 6
ORACLES = {"f1": oracles.f1, "iou": oracles.iou}
DISTANCES = {"squared_error": losses.squared_error, "cross_entropy": losses.cross_entropy}
SETTINGS = {
    "paper": {},
    "plain_gradient": {"normalize": False, "step_size": 2.0, "beta_v": 3.0},
    "cross_entropy": {
        "distance": "cross_entropy",
        "lambda_v": 0.5,
        "beta_v": 4.0,
        "lambda_g": 0.3,
        "task_weight": 2.0,
        "uninformed": 0.5,
        "free": True,
        "steps": 6,
    },
    "other_targets": {"a": 0.9, "d": 0.7, "oracle": "iou", "l2": 0.05, "lambda_g": 5.0},
}


# The package under test, on a tiny problem.


def make_learner(optimizer="sgd", seed=0, dropout=0.0, **changes):
    """A built learner whose weights are all different from zero."""
    o = PAPER | changes
    make_optimizer = functools.partial(
        getattr(optimizers, optimizer), learning_rate=o["learning_rate"]
    )
    learner = ALEN(
        energy=functools.partial(MLPEnergy, hidden_units=5, global_units=3, l2=o["l2"]),
        inference_network=functools.partial(MLP, hidden_units=5, l2=o["l2"], dropout=dropout),
        energy_optimizer=make_optimizer,
        inference_optimizer=make_optimizer,
        refinement=GradientAscent(o["steps"], o["step_size"], o["normalize"], o["free"]),
        prediction=GradientAscent(4, 0.1, True, o["free"]),
        lambda_v=o["lambda_v"],
        beta_v=o["beta_v"],
        lambda_g=o["lambda_g"],
        task_weight=o["task_weight"],
        a=o["a"],
        d=o["d"],
        distance=DISTANCES[o["distance"]],
        uninformed=o["uninformed"],
        mixed=o["mixed"],
        crisp=o["crisp"],
        anywhere=o["anywhere"],
    )
    learner.build((FEATURES,), (LABELS,), Box(), ORACLES[o["oracle"]], total_steps=10)
    learner.adapt(batch()[0])
    fill(learner.energy, seed)
    fill(learner.inference_network, seed + 1)
    return learner


def fill(network, seed):
    random = np.random.RandomState(seed)
    network.set_weights([random.randn(*weight.shape) for weight in network.get_weights()])


def batch(seed=5):
    random = np.random.RandomState(seed)
    x = (random.rand(BATCH, FEATURES) * [1, 10, 100]).astype(np.float32)
    y_true = (random.rand(BATCH, LABELS) < 0.4).astype(np.float32)
    y_true[0] = 0
    return x, y_true


def assert_same(first, second):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


def differ(first, second):
    return any(np.any(a != b) for a, b in zip(first, second, strict=True))


def standardised(x):
    x0 = np.float64(batch()[0])
    return (x - x0.mean(axis=0)) / x0.std(axis=0)


# The comparisons.


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("setting", SETTINGS)
def test_training_steps_are_algorithm_1(numeric_gradient, setting, optimizer):
    changes = SETTINGS[setting] | ({"learning_rate": 0.01} if optimizer == "adam" else {})
    learner = make_learner(optimizer, **changes)
    reference = Reference(learner, optimizer, **changes)
    before = weights_of(learner.energy) + weights_of(learner.inference_network)
    for seed in (5, 6, 7):  # the second and third steps see Adam's moments
        x, y_true = batch(seed)
        found = step(learner, tf.constant(x), tf.constant(y_true))
        expected = reference.step(standardised(x), np.float64(y_true), numeric_gradient)
        assert set(found) == set(expected)
        for name, value in expected.items():
            assert float(found[name]) == pytest.approx(value, rel=1e-4, abs=1e-5), name
    # Adam divides by the size of a gradient and so magnifies float32's noise in small ones.
    tolerance = 2e-6 if optimizer == "sgd" else 5e-5
    after = weights_of(learner.energy) + weights_of(learner.inference_network)
    for old, new, expected in zip(
        before, after, reference.theta_v + reference.theta_g, strict=True
    ):
        np.testing.assert_allclose(new, expected, atol=tolerance)
        assert np.abs(new - old).max() > 1e-3  # every weight has learned something


@pytest.mark.parametrize("jit_compile", [False, True])
def test_compiled_step_is_the_eager_one(jit_compile):
    changes = SETTINGS["cross_entropy"]
    eager, compiled = make_learner(**changes), make_learner(**changes)
    compiled_step = tf.function(lambda *each: step(compiled, *each), jit_compile=jit_compile)
    for seed in (5, 6):
        x, y_true = map(tf.constant, batch(seed))
        expected, found = step(eager, x, y_true), compiled_step(x, y_true)
    for name, value in expected.items():
        assert float(found[name]) == pytest.approx(float(value), rel=1e-4, abs=1e-5), name
    for a, b in zip(weights_of(eager.energy), weights_of(compiled.energy), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def after_one_step(refinement_steps=3, y_seed=5, energy_seed=0, **changes):
    """The weights of both networks after a step on batch 5, with outputs of batch `y_seed`."""
    learner = make_learner(steps=refinement_steps, **changes)
    fill(learner.energy, energy_seed)
    learner.train_step(tf.constant(batch(5)[0]), tf.constant(batch(y_seed)[1]))
    return weights_of(learner.energy), weights_of(learner.inference_network)


def test_without_beta_v_the_energy_does_not_learn_from_refined_outputs():
    # AEN
    assert_same(after_one_step(0, beta_v=0.0)[0], after_one_step(5, beta_v=0.0)[0])
    assert differ(after_one_step(0, beta_v=1.0)[0], after_one_step(5, beta_v=1.0)[0])


def test_without_task_weight_the_inference_network_does_not_see_the_truth():
    without = [after_one_step(y_seed=seed, task_weight=0.0)[1] for seed in (5, 6)]
    assert_same(*without)
    assert differ(*[after_one_step(y_seed=seed)[1] for seed in (5, 6)])
    assert differ(without[0], weights_of(make_learner().inference_network))


def test_without_lambda_g_the_inference_network_does_not_see_the_energy():
    # the InfNet baseline
    assert_same(*[after_one_step(energy_seed=seed, lambda_g=0.0)[1] for seed in (0, 9)])
    assert differ(*[after_one_step(energy_seed=seed)[1] for seed in (0, 9)])


def test_without_any_term_the_inference_network_rests():
    found = after_one_step(task_weight=0.0, lambda_g=0.0)[1]
    assert_same(found, weights_of(make_learner().inference_network))


def test_refinement_is_not_learned_through():
    # With b and c as constants the gradient of Eq. 6 is that of a regression: without distance
    # to the targets there is nothing to learn, whatever the refinement does.
    learner = make_learner(beta_v=0.0, lambda_v=0.0, a=0.5)
    energy = [np.zeros_like(w) for w in weights_of(learner.energy)]
    learner.energy.set_weights(energy)  # every score is 0, every value 1/2
    learner.train_step(*map(tf.constant, batch()))
    assert_same(weights_of(learner.energy), energy)


@pytest.mark.parametrize(("uninformed", "count"), [(0.0, 0), (0.25, 2), (0.5, 3), (1.0, 6)])
def test_shares_of_the_batch_start_elsewhere(uninformed, count):
    y, y_true = tf.fill((BATCH, LABELS), 0.7), tf.constant(batch()[1])
    expected = np.full((BATCH, LABELS), 0.7, np.float32)
    expected[:count] = 0
    found = make_learner(uninformed=uninformed).start(y, y_true)
    np.testing.assert_array_equal(found, expected)


def test_starts_vary_behind_the_uninformed_share():
    learner = make_learner(uninformed=1 / BATCH, mixed=3 / BATCH, crisp=True)
    y, y_true = tf.fill((BATCH, LABELS), 0.7), tf.constant(batch()[1])
    for iteration in range(2):
        expected = varied(y, y_true, learner.space, iteration, 4 / BATCH, crisp=True).numpy()
        expected[0] = 0
        np.testing.assert_array_equal(learner.start(y, y_true), expected)
        learner.train_step(*map(tf.constant, batch()))


def test_refined_outputs_from_anywhere_on_the_path():
    learner = make_learner(anywhere=True)
    x, y_true = map(tf.constant, batch())
    z = learner.energy.encode(learner.standardization(x))
    y = tf.fill((BATCH, LABELS), 0.7)
    path = learner.ascend(learner.refinement, z, y)
    found = learner.refine(z, y, y_true)
    for example in range(BATCH):
        np.testing.assert_array_equal(found[example], path[example % len(path)][example])
    learner.anywhere = False
    np.testing.assert_array_equal(learner.refine(z, y, y_true), path[-1])


def test_prediction_is_the_ascent_from_the_inference_network():
    learner = make_learner()
    x = batch(8)[0]
    theta_v, theta_g = weights_of(learner.energy), weights_of(learner.inference_network)
    inputs = standardised(x)
    y = sigmoid(mlp(theta_g, inputs))
    expected = ascend(theta_v, inputs, y, 7, 0.1, normalize=True, free=False)
    path = learner.predict(tf.constant(x))
    assert len(path) == 5  # the configured prediction steps, not the refinement's
    np.testing.assert_allclose(np.stack(path), expected[:5], atol=2e-5)
    longer = learner.predict(tf.constant(x), steps=7)
    np.testing.assert_allclose(np.stack(longer), expected, atol=2e-5)
    (alone,) = learner.predict(tf.constant(x), steps=0)
    np.testing.assert_allclose(alone, y, atol=2e-5)
    assert np.abs(expected[4] - y).max() > 0.1


def test_prediction_starts_informed():
    x = tf.constant(batch(8)[0])
    found, expected = (make_learner(uninformed=share).predict(x)[0] for share in (1.0, 0.0))
    np.testing.assert_array_equal(found, expected)


def test_dropout_is_for_training():
    learner = make_learner(dropout=0.5)
    x, y_true = map(tf.constant, batch())
    np.testing.assert_array_equal(learner.predict(x)[-1], learner.predict(x)[-1])
    fixed = make_learner(dropout=0.5, learning_rate=0.0)
    found = {float(step(fixed, x, y_true)["inference_loss/task"]) for _ in range(5)}
    assert len(found) > 1


def test_inputs_of_any_numeric_type():
    learner = make_learner()
    x = np.arange(BATCH * FEATURES).reshape(BATCH, FEATURES)
    expected = learner.predict(tf.constant(x, tf.float32))[-1]
    for kind in (np.uint8, np.int64):
        np.testing.assert_array_equal(learner.predict(tf.constant(x.astype(kind)))[-1], expected)
    learner.train_step(tf.constant(x.astype(np.uint8)), tf.constant(batch()[1]))


def test_a_learner_is_a_recipe_until_it_is_built():
    made = []

    def network(outputs):
        made.append(outputs)
        return MLP(outputs)

    ascent = GradientAscent(1, 0.1)
    ALEN(network, network, optimizers.sgd, optimizers.sgd, ascent, ascent)
    assert made == []


def test_networks_by_name():
    networks = make_learner().networks
    assert list(networks) == ["energy", "inference_network"]
    # 3 -> 5 -> 4 with biases, then 4 -> 3 -> 1 without
    assert networks["energy"].count_params() == 20 + 24 + 12 + 3
    assert networks["inference_network"].count_params() == 20 + 24


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_restored_learner_goes_on_as_if_never_stopped(tmp_path, dropout):
    options = {"optimizer": "adam", "learning_rate": 0.01, "dropout": dropout}
    learner = make_learner(**options)
    x, y_true = map(tf.constant, batch())
    learner.train_step(x, y_true)
    path = tf.train.Checkpoint(learner=learner).save(tmp_path / "state")

    keras.utils.set_random_seed(77)
    restored = make_learner(seed=33, **options)
    restored.standardization.adapt(np.ones((2, FEATURES)))
    status = tf.train.Checkpoint(learner=restored).restore(path)
    status.assert_existing_objects_matched()
    np.testing.assert_array_equal(restored.predict(x)[-1], learner.predict(x)[-1])
    found, expected = (step(each, x, y_true) for each in (restored, learner))
    assert {k: float(v) for k, v in found.items()} == {k: float(v) for k, v in expected.items()}
    assert_same(weights_of(restored.energy), weights_of(learner.energy))
    assert_same(weights_of(restored.inference_network), weights_of(learner.inference_network))


@pytest.mark.parametrize("setting", ["paper", "other_targets"])  # without and with a penalty
def test_two_replicas_learn_what_one_does(setting):
    changes = SETTINGS[setting]
    x, y_true = batch()
    one = make_learner(**changes)
    one.train_step(tf.constant(x), tf.constant(y_true))

    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        two = make_learner(**changes)
    half = BATCH // 2
    parts = [
        strategy.experimental_distribute_values_from_function(
            lambda context, data=data: tf.constant(
                data[half * context.replica_id_in_sync_group :][:half]
            )
        )
        for data in (x, y_true)
    ]
    tf.function(lambda *shares: strategy.run(step, (two, *shares)))(*parts)
    for name in one.networks:
        pairs = zip(weights_of(one.networks[name]), weights_of(two.networks[name]), strict=True)
        for expected, found in pairs:
            np.testing.assert_allclose(found, expected, atol=2e-6)
