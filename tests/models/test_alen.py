"""ALEN's training step against Algorithm 1 written out in NumPy, and what each argument does."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from alen_tf.errors import ConfigError
from alen_tf.inference.ascent import GradientAscent
from alen_tf.models import optimizers
from alen_tf.models.alen import ALEN
from alen_tf.models.starts import TrainingStarts
from alen_tf.networks.mlp import MLP, MLPEnergy
from alen_tf.networks.standardization import Standardization
from tests.steps import step

from . import by_hand
from .algorithm_1 import PAPER, Reference
from .by_hand import weights_of

FEATURES, LABELS, BATCH = 3, 4, 6
SETTINGS = {
    "paper": {},
    "plain_gradient": {"norm": None, "step_size": 2.0, "beta_v": 3.0},
    "cross_entropy": {
        "regression_loss": "cross_entropy",
        "lambda_v": 0.5,
        "beta_v": 4.0,
        "lambda_g": 0.3,
        "task_weight": 2.0,
        "zero_init_fraction": 0.5,
        "active_set": True,
        "steps": 6,
    },
    "penalised_iou": {"oracle": "iou", "l2": 0.05, "lambda_g": 5.0},
    "alternating": {"alternating": True, "lambda_g": 5.0},
}


# The package under test, on a tiny problem.


def make_model(optimizer="sgd", seed=0, dropout=0.0, starts=None, random_iterate=False, **changes):
    """A built model whose weights are all different from zero."""
    o = PAPER | changes
    make_optimizer = functools.partial(
        getattr(optimizers, optimizer), total_steps=10, learning_rate=o["learning_rate"]
    )
    model = ALEN(
        MLPEnergy(hidden_units=5, global_units=3, l2=o["l2"]),
        MLP(hidden_units=5, l2=o["l2"], dropout=dropout),
        oracle=o["oracle"],
        refinement=GradientAscent(o["steps"], o["step_size"], o["norm"], o["active_set"]),
        prediction=GradientAscent(4, 0.1, active_set=o["active_set"]),
        lambda_v=o["lambda_v"],
        beta_v=o["beta_v"],
        lambda_g=o["lambda_g"],
        task_weight=o["task_weight"],
        regression_loss=o["regression_loss"],
        starts=starts or TrainingStarts(o["zero_init_fraction"]),
        random_iterate=random_iterate,
        alternating=o["alternating"],
        preprocessing=Standardization(),
        seed=0,
    )
    model.build((None, FEATURES), (None, LABELS))
    model.preprocessing.adapt(batch()[0])
    fill(model.energy, seed)
    fill(model.inference_network, seed + 1)
    model.compile(make_optimizer(), make_optimizer())
    return model


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
    model = make_model(optimizer, **changes)
    reference = Reference(model, optimizer, **changes)
    before = weights_of(model.energy) + weights_of(model.inference_network)
    for seed in (5, 6, 7):  # the second and third steps see Adam's moments
        x, y_true = batch(seed)
        found = step(model, x, y_true)
        expected = reference.step(standardised(x), np.float64(y_true), numeric_gradient)
        assert set(found) == set(expected)
        for name, value in expected.items():
            assert float(found[name]) == pytest.approx(value, rel=1e-4, abs=1e-5), name
    # Adam divides by the size of a gradient and so magnifies float32's noise in small ones.
    tolerance = 2e-6 if optimizer == "sgd" else 5e-5
    after = weights_of(model.energy) + weights_of(model.inference_network)
    for old, new, expected in zip(
        before, after, reference.theta_v + reference.theta_g, strict=True
    ):
        np.testing.assert_allclose(new, expected, atol=tolerance)
        assert np.abs(new - old).max() > 1e-3  # every weight has learned something


def test_weights_of_examples_weigh_losses(numeric_gradient):
    model = make_model()
    reference = Reference(model)
    weight = np.float32([0.0, 3.0, 1.0, 0.5, 0.0, 2.0])
    x, y_true = batch()
    found = step(model, x, y_true, weight=tf.constant(weight))
    expected = reference.step(standardised(x), np.float64(y_true), numeric_gradient, weight)
    for name, value in expected.items():
        assert float(found[name]) == pytest.approx(value, rel=1e-4, abs=1e-5), name
    for network, theta in (
        (model.energy, reference.theta_v),
        (model.inference_network, reference.theta_g),
    ):
        for weights, hand in zip(weights_of(network), theta, strict=True):
            np.testing.assert_allclose(weights, hand, atol=2e-6)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_compiled_step_is_the_eager_one(jit_compile):
    changes = SETTINGS["cross_entropy"]
    eager, compiled = make_model(**changes), make_model(**changes)
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
    model = make_model(steps=refinement_steps, **changes)
    fill(model.energy, energy_seed)
    step(model, batch(5)[0], batch(y_seed)[1])
    return weights_of(model.energy), weights_of(model.inference_network)


def test_without_beta_v_the_energy_does_not_learn_from_refined_outputs():
    # AEN
    assert_same(after_one_step(0, beta_v=0.0)[0], after_one_step(5, beta_v=0.0)[0])
    assert differ(after_one_step(0, beta_v=1.0)[0], after_one_step(5, beta_v=1.0)[0])


def test_without_task_weight_the_inference_network_does_not_see_the_truth():
    without = [after_one_step(y_seed=seed, task_weight=0.0)[1] for seed in (5, 6)]
    assert_same(*without)
    assert differ(*[after_one_step(y_seed=seed)[1] for seed in (5, 6)])
    assert differ(without[0], weights_of(make_model().inference_network))


def test_without_lambda_g_the_inference_network_does_not_see_the_energy():
    # the InfNet baseline
    assert_same(*[after_one_step(energy_seed=seed, lambda_g=0.0)[1] for seed in (0, 9)])
    assert differ(*[after_one_step(energy_seed=seed)[1] for seed in (0, 9)])


def test_without_any_term_the_inference_network_rests():
    found = after_one_step(task_weight=0.0, lambda_g=0.0)[1]
    assert_same(found, weights_of(make_model().inference_network))


def test_refinement_is_not_learned_through():
    # The oracle values of y' and y'' are constants: if they alone are the loss, the energy has
    # nothing to learn, although y'' depends on it.
    def target_alone(score, target):
        return 0.0 * score + target

    model = make_model(regression_loss=target_alone)
    before = weights_of(model.energy)
    assert step(model, *batch())["energy_loss"] > 1.0
    assert_same(weights_of(model.energy), before)


def test_a_regression_that_is_right_has_nothing_to_learn():
    def to_a_half(score, target):
        del target
        return 0.5 * (tf.sigmoid(score) - 0.5) ** 2

    model = make_model(regression_loss=to_a_half)
    energy = [np.zeros_like(w) for w in weights_of(model.energy)]
    model.energy.set_weights(energy)  # every score is 0, every value 1/2
    step(model, *batch())
    assert_same(weights_of(model.energy), energy)


def test_an_unknown_regression_loss_is_named():
    with pytest.raises(
        ConfigError, match="regression loss 'hinge' is unknown; expected one of cross"
    ):
        make_model(regression_loss="hinge")


@pytest.mark.parametrize("fraction", [0.0, 0.25, 0.5, 1.0])
def test_refinement_starts_at_the_training_starts(fraction):
    starts = TrainingStarts(fraction, interpolate_fraction=1.0 - fraction, discretize=True)
    model = make_model(starts=starts, steps=0)  # so that y'' is where refinement starts
    x, y_true = map(tf.constant, batch())
    y = tf.fill((BATCH, LABELS), 0.7)
    z = model.encode(model.prepare(x))
    seed, _ = tf.random.experimental.stateless_split(model.seed_of_step(model.optimizers["energy"]))
    expected = starts(y, y_true, model.space, seed)
    np.testing.assert_array_equal(model.refined(z, y, y_true, model.space), expected)
    assert np.any(expected != y)


def test_refined_outputs_are_a_random_iterate():
    x, y_true = map(tf.constant, batch())
    model, last = make_model(random_iterate=True), make_model()
    z, y = model.encode(model.prepare(x)), tf.fill((BATCH, LABELS), 0.7)
    path = np.stack(model.ascend(model.refinement, z, y))
    seen = []
    for iteration in range(150):
        model.optimizers["energy"].iterations.assign(iteration)
        same = np.all(model.refined(z, y, y_true, model.space) == path, axis=2)  # [steps, batch]
        np.testing.assert_array_equal(same.sum(axis=0), 1)
        seen.append(same.argmax(axis=0))
    seen = np.stack(seen)
    for place in range(BATCH):  # every place of the batch sees every step,
        assert set(seen[:, place]) == set(range(len(path)))
    for place in range(1, BATCH):  # whatever another place sees
        assert len(set(zip(seen[:, 0], seen[:, place], strict=True))) == len(path) ** 2
    np.testing.assert_array_equal(last.refined(z, y, y_true, last.space), path[-1])


def test_a_path_that_is_not_kept_has_no_random_iterate():
    with pytest.raises(ConfigError, match=r"ALEN\.random_iterate needs paths of at most 100 steps"):
        make_model(random_iterate=True, steps=101)
    make_model(random_iterate=True, steps=100)


def test_prediction_is_the_ascent_from_the_inference_network():
    model = make_model()
    x = batch(8)[0]
    theta_v, theta_g = weights_of(model.energy), weights_of(model.inference_network)
    inputs = standardised(x)
    y = by_hand.sigmoid(by_hand.mlp(theta_g, inputs))
    expected = by_hand.ascend(
        lambda y: by_hand.value_slope(theta_v, inputs, y), y, steps=7, step_size=0.1, norm="l2"
    )
    path = model.path(tf.constant(x))
    assert len(path) == 5  # the configured prediction steps, not the refinement's
    np.testing.assert_allclose(np.stack(path), expected[:5], atol=2e-5)
    longer = model.path(tf.constant(x), steps=7)
    np.testing.assert_allclose(np.stack(longer), expected, atol=2e-5)
    (alone,) = model.path(tf.constant(x), steps=0)
    np.testing.assert_allclose(alone, y, atol=2e-5)
    assert np.abs(expected[4] - y).max() > 0.1


def test_prediction_starts_informed():
    x = tf.constant(batch(8)[0])
    found, expected = (make_model(zero_init_fraction=share).path(x)[0] for share in (1.0, 0.0))
    np.testing.assert_array_equal(found, expected)


def test_dropout_is_for_training():
    model = make_model(dropout=0.5)
    x, y_true = map(tf.constant, batch())
    np.testing.assert_array_equal(model(x), model(x))
    fixed = make_model(dropout=0.5, learning_rate=0.0)
    found = {float(step(fixed, x, y_true)["inference_loss/task"]) for _ in range(5)}
    assert len(found) > 1


def test_inputs_of_any_numeric_type():
    model = make_model()
    x = np.arange(BATCH * FEATURES).reshape(BATCH, FEATURES)
    expected = model(tf.constant(x, tf.float32))
    for kind in (np.uint8, np.int64):
        np.testing.assert_array_equal(model(tf.constant(x.astype(kind))), expected)
    step(model, x.astype(np.uint8), batch()[1])


def test_networks_by_name():
    model = make_model()
    assert model.networks == ("energy", "inference_network")
    # 3 -> 5 -> 4 with biases, then 4 -> 3 -> 1 without
    assert model.energy.count_params() == 20 + 24 + 12 + 3
    assert model.inference_network.count_params() == 20 + 24


def checkpoint(model):
    optimizers = [variable.value for variable in model.optimizer.variables]
    return tf.train.Checkpoint(model=model.state, optimizers=optimizers)


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_restored_model_goes_on_as_if_never_stopped(tmp_path, dropout):
    # Random starts too: their draws follow from the step, which the optimizer counts.
    options = {
        "optimizer": "adam",
        "learning_rate": 0.01,
        "dropout": dropout,
        "starts": TrainingStarts(interpolate_fraction=0.5),
        "random_iterate": True,
    }
    model = make_model(**options)
    x, y_true = map(tf.constant, batch())
    step(model, x, y_true)
    path = checkpoint(model).save(tmp_path / "state")

    keras.utils.set_random_seed(77)
    restored = make_model(seed=33, **options)
    restored.preprocessing.adapt(np.ones((2, FEATURES)))
    checkpoint(restored).restore(path).assert_consumed()
    np.testing.assert_array_equal(restored(x), model(x))
    found, expected = (step(each, x, y_true) for each in (restored, model))
    assert {k: float(v) for k, v in found.items()} == {k: float(v) for k, v in expected.items()}
    assert_same(weights_of(restored.energy), weights_of(model.energy))
    assert_same(weights_of(restored.inference_network), weights_of(model.inference_network))


@pytest.mark.parametrize("setting", ["paper", "penalised_iou"])  # without and with a penalty
def test_two_replicas_learn_what_one_does(two_replicas, setting):
    changes = SETTINGS[setting]
    x, y_true = batch()
    one = make_model(**changes)
    step(one, x, y_true)

    with two_replicas.scope():
        two = make_model(**changes)
    half = BATCH // 2
    parts = [
        two_replicas.experimental_distribute_values_from_function(
            lambda context, data=data: tf.constant(
                data[half * context.replica_id_in_sync_group :][:half]
            )
        )
        for data in (x, y_true)
    ]
    tf.function(lambda *shares: two_replicas.run(step, (two, *shares)))(*parts)
    for name in one.networks:
        pairs = zip(weights_of(getattr(one, name)), weights_of(getattr(two, name)), strict=True)
        for expected, found in pairs:
            np.testing.assert_allclose(found, expected, atol=2e-6)
