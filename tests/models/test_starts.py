"""Where ascents of training start."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from alen_tf.errors import ConfigError
from alen_tf.inference.ascent import GradientAscent
from alen_tf.inference.spaces import Box, Simplex
from alen_tf.models.alen import ALEN
from alen_tf.models.batch import Batch
from alen_tf.models.dvn import DVN
from alen_tf.models.starts import TrainingStarts
from alen_tf.networks.mlp import MLP, MLPEnergy

BATCH, LABELS = 6, 4
Y = np.full((BATCH, LABELS), 0.7, np.float32)
Y_TRUE = (np.random.RandomState(0).rand(BATCH, LABELS) < 0.5).astype(np.float32)


def starts(y=Y, y_true=Y_TRUE, space=None, seed=(0, 0), **options):
    y, y_true = tf.constant(y), tf.constant(y_true)
    return TrainingStarts(**options)(y, y_true, space or Box(), tf.constant(seed)).numpy()


def test_as_they_are_by_default():
    np.testing.assert_array_equal(starts(), Y)


@pytest.mark.parametrize(("fraction", "count"), [(0.0, 0), (0.25, 2), (0.5, 3), (1.0, 6)])
def test_a_share_of_the_batch_is_uninformed(fraction, count):
    expected = Y.copy()
    expected[:count] = 0
    np.testing.assert_array_equal(starts(zero_init_fraction=fraction), expected)


def test_uninformed_in_a_simplex_is_undecided():
    found = starts(y=np.eye(4, dtype=np.float32)[:2], space=Simplex(), zero_init_fraction=1.0)
    np.testing.assert_array_equal(found, np.full((2, 4), 0.25))


def test_interpolated_share_is_on_the_way_to_the_truth_of_another_example():
    found = starts(interpolate_fraction=4 / BATCH)
    np.testing.assert_array_equal(found, starts(interpolate_fraction=4 / BATCH))
    np.testing.assert_array_equal(found[4:], Y[4:])
    places = (found[:4] - Y[:4]) / (np.roll(Y_TRUE, 1, axis=0)[:4] - Y[:4])
    np.testing.assert_allclose(places, np.repeat(places[:, :1], LABELS, 1), atol=1e-5)
    assert len(set(places[:, 0].round(4))) == 4  # one place per example
    assert np.all((places > 0) & (places < 1))
    # Draws follow from the seed.
    assert np.all(starts(interpolate_fraction=4 / BATCH, seed=(0, 1))[:4] != found[:4])


def test_every_other_start_is_discrete():
    y = np.tile(np.linspace(0, 1, 101, dtype=np.float32), (BATCH, 1))
    y_true, thresholds = np.zeros_like(y), []
    for seed in ((0, 0), (0, 1)):
        found = starts(y, y_true, seed=seed, discretize=True)
        np.testing.assert_array_equal(found[::2], y[::2])
        for start in found[1::2]:
            assert set(start) == {0.0, 1.0}
            assert np.all(np.diff(start) >= 0)  # what is above the threshold is in
            thresholds.append(start.argmax())
    assert len(set(thresholds)) == 6  # each has its own


def test_discrete_from_the_uninformed_output_is_the_other_truth():
    found = starts(0 * Y, interpolate_fraction=1.0, discretize=True)
    np.testing.assert_array_equal(found[1::2], Y_TRUE[::2])
    assert not np.any(found[::2] == 1)


def test_uninformed_starts_come_before_the_others():
    seed = (3, 1)
    found = starts(
        seed=seed, zero_init_fraction=1 / BATCH, interpolate_fraction=3 / BATCH, discretize=True
    )
    expected = starts(seed=seed, interpolate_fraction=4 / BATCH, discretize=True)
    expected[0] = 0
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("space", [Box(), Simplex()])
def test_starts_are_points_of_the_space(space):
    random = np.random.RandomState(4)
    y = random.dirichlet(np.ones(3), size=(BATCH, 5, 5)).astype(np.float32)
    y_true = np.eye(3, dtype=np.float32)[random.randint(3, size=(BATCH, 5, 5))]
    found = starts(y, y_true, space, interpolate_fraction=0.5, discretize=True)
    np.testing.assert_allclose(space.project(tf.constant(found)), found, atol=1e-6)
    assert np.all(np.any(found != y, axis=(1, 2, 3))[[0, 1, 2, 3, 5]])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"zero_init_fraction": 0.5, "interpolate_fraction": 0.75},
            "zero_init_fraction 0.5 and interpolate_fraction 0.75 add up to more than 1",
        ),
        ({"zero_init_fraction": 1.5}, r"TrainingStarts\.zero_init_fraction is 1\.5"),
        ({"interpolate_fraction": -0.1}, r"TrainingStarts\.interpolate_fraction is -0\.1"),
    ],
)
def test_shares_that_no_batch_has_are_named(options, message):
    with pytest.raises(ConfigError, match=message):
        TrainingStarts(**options)


def test_shares_may_be_the_whole_batch():
    found = starts(zero_init_fraction=0.5, interpolate_fraction=0.5)
    np.testing.assert_array_equal(found[:3], 0)
    assert np.all(found[3:] != Y[3:])


# What models draw.

ASCENT = GradientAscent(steps=0)  # refined outputs are where ascents start
X = np.random.RandomState(1).randn(BATCH, 3).astype(np.float32)
STARTS = TrainingStarts(interpolate_fraction=1.0)
METHODS = {
    "alen": lambda seed: ALEN(MLPEnergy(), MLP(), refinement=ASCENT, starts=STARTS, seed=seed),
    "dvn": lambda seed: DVN(MLPEnergy(), inference=ASCENT, starts=STARTS, seed=seed),
}


@pytest.fixture(params=METHODS)
def make_model(request):
    """Makes models with the same weights, which no step changes: their draws alone differ."""
    weights = []

    def make(seed):
        model = METHODS[request.param](seed)
        model.build((None, 3), (None, LABELS))
        weights.append([getattr(model, name).get_weights() for name in model.networks])
        for name, values in zip(model.networks, weights[0], strict=True):
            getattr(model, name).set_weights(values)
        model.compile(*(keras.optimizers.SGD(0.0) for _ in range(2)))
        return model

    return make


def drawn(model):
    """Where the examples of the next step start, [batch, labels]."""
    y_true = np.maximum(Y_TRUE, [1, 0, 0, 0])  # so that no truth is the uninformed output
    return model.update(Batch(tf.constant(X), tf.constant(y_true, tf.float32)))[0]


def test_draws_follow_from_the_seed_and_the_step(make_model):
    model, same, other = make_model(seed=1), make_model(seed=1), make_model(seed=2)
    steps = [drawn(model).numpy() for _ in range(3)]
    for expected in steps:
        np.testing.assert_array_equal(drawn(same), expected)
        assert np.all(np.any(drawn(other) != expected, axis=1))
    assert np.all(np.any(steps[0] != steps[1], axis=1))
    resumed = make_model(seed=1)
    resumed.optimizers["energy"].iterations.assign(2)
    np.testing.assert_array_equal(drawn(resumed), steps[2])


def test_without_a_seed_draws_follow_from_keras_seed(make_model):
    def first(seed):
        keras.utils.set_random_seed(seed)
        return drawn(make_model(seed=None)).numpy()

    np.testing.assert_array_equal(first(7), first(7))
    assert np.any(first(7) != first(8))


def test_replicas_draw_others(make_model, two_replicas):
    alone = drawn(make_model(seed=1)).numpy()
    with two_replicas.scope():
        model = make_model(seed=1)
    run = tf.function(lambda: two_replicas.run(drawn, (model,)))
    first, second = two_replicas.experimental_local_results(run())
    np.testing.assert_allclose(first, alone, atol=1e-6)
    assert np.all(np.any(np.abs(second - alone) > 1e-3, axis=1))
