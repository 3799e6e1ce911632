import numpy as np
import pytest
import tensorflow as tf

from alen_tf.errors import ConfigError
from alen_tf.inference.ascent import GradientAscent
from alen_tf.models.dvn import DVN
from alen_tf.models.starts import TrainingStarts, replace_first
from alen_tf.networks.mlp import MLPEnergy
from tests.steps import step

from . import by_hand

STEPS, ETA, ADVERSARY, L2, SEED = 3, 0.7, 0.9, 0.1, 11


@pytest.fixture
def make_model(build):
    def make(**changes):
        return build(
            DVN(
                MLPEnergy(hidden_units=6, global_units=3, l2=L2),
                inference=GradientAscent(STEPS, ETA, norm=None),
                adversary=GradientAscent(1, ADVERSARY, norm=None),
                truth=0.2,
                inferred=0.5,
                adversarial=0.3,
                zero_init_fraction=0.5,
                seed=SEED,
                **changes,
            )
        )

    return make


@pytest.fixture
def model(make_model):
    return make_model()


def climb(weights, x, y):
    """The path of inference, Eq. 4 with v = sigmoid(s)."""
    return by_hand.ascend(lambda y: by_hand.value_slope(weights, x, y), y, STEPS, ETA)


@pytest.mark.parametrize("iteration", [0, 1])
@pytest.mark.parametrize("discretize", [False, True])
@pytest.mark.parametrize("interpolate_fraction", [0.0, 0.75])
@pytest.mark.parametrize("random_iterate", [False, True])
def test_step_regresses_on_oracle_values_of_three_kinds_of_tuples(
    make_model,
    batch,
    assert_gradient_step,
    random_iterate,
    interpolate_fraction,
    discretize,
    iteration,
):
    starts = TrainingStarts(interpolate_fraction=interpolate_fraction, discretize=discretize)
    model = make_model(starts=starts, random_iterate=random_iterate)
    model.optimizers["energy"].iterations.assign(iteration)
    x, y_true = batch
    before = by_hand.weights_of(model.energy)
    # All draws follow from the seed, the step, and the replica's number, which is 0.
    of_step = tf.random.experimental.stateless_fold_in([SEED, iteration], 0)
    of_starts, of_iterates = tf.random.experimental.stateless_split(of_step)
    first = np.zeros_like(y_true)
    if interpolate_fraction:  # all but the last
        places = tf.random.stateless_uniform((4, 1), of_starts).numpy()
        first[:3] = (places * np.roll(y_true, 1, axis=0))[:3]
        if discretize:  # the second of these: the first one's truth
            first[1] = y_true[0]
    path = climb(before, x, first)
    inferred = path[-1]
    if random_iterate:
        drawn = tf.random.stateless_uniform((4,), of_iterates, 0, STEPS + 1, tf.int32).numpy()
        inferred = np.stack([path[drawn[example]][example] for example in range(4)])
    start = y_true.copy()
    start[:2] = 0  # half of the adversarial tuples start at the uninformed output
    v = by_hand.sigmoid(by_hand.score(before, x, start))
    surplus = (v - by_hand.f1(start, y_true))[:, None]  # d CE / d s
    adversarial = np.clip(start + ADVERSARY * surplus * by_hand.slope(before, x, start), 0, 1)

    def reported(weights):
        def error(y):
            s, h = by_hand.score(weights, x, y), by_hand.f1(y, y_true)
            return by_hand.cross_entropy(s, h).mean()

        return 0.2 * error(y_true) + 0.5 * error(inferred) + 0.3 * error(adversarial)

    scalars = step(model, x, y_true)
    assert scalars["energy_loss"].numpy() == pytest.approx(reported(before), rel=1e-5)
    assert_gradient_step(
        model.energy, before, lambda weights: reported(weights) + by_hand.penalty(weights, L2)
    )


def test_adversarial_outputs_are_judged_worse(model, batch):
    x, y_true = map(tf.constant, batch)
    z = model.encode(x)
    y = replace_first(y_true, tf.zeros_like(y_true), 0.5)
    worse = model.adversary(lambda y: model.error(z, y, y_true), y, model.space)[-1]
    assert np.all(np.any(worse != y, axis=1))
    h = model.oracle_value(y, y_true)
    v, v_worse = model.value_of(z, y), model.value_of(z, worse)
    assert np.all(np.abs(v_worse - h) > np.abs(v - h))


def test_prediction_climbs_from_the_uninformed_output(model, batch):
    x, y_true = batch
    path = model.path(x)
    assert len(path) == STEPS + 1
    np.testing.assert_array_equal(path[0], np.zeros_like(y_true))
    expected = climb(by_hand.weights_of(model.energy), x, np.zeros_like(y_true))[-1]
    np.testing.assert_allclose(path[-1], expected, atol=1e-5)
    assert len(model.path(x, steps=1)) == 2


def test_prediction_may_climb_otherwise_than_training(make_model, batch):
    model = make_model(prediction=GradientAscent(1, 0.1, norm=None))
    x, y_true = batch
    path = model.path(x)
    uphill = by_hand.value_slope(by_hand.weights_of(model.energy), x, np.zeros_like(y_true))
    np.testing.assert_allclose(path[1], np.clip(0.1 * uphill, 0, 1), atol=1e-6)


def test_a_path_that_is_not_kept_has_no_random_iterate():
    ascent = GradientAscent(101, 0.1)
    with pytest.raises(ConfigError, match=r"DVN\.random_iterate needs paths of at most 100 steps"):
        DVN(MLPEnergy(), inference=ascent, random_iterate=True)
