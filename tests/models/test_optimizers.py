import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

from alen_tf.errors import ConfigError
from alen_tf.models import optimizers


def test_constant_rate():
    assert optimizers.schedule(100, 0.3) == 0.3


def test_drops_divide_by_ten_at_fractions_of_the_run():
    rate = optimizers.schedule(1000, 0.5, drops=(0.5, 0.9))
    found = [float(rate(step)) for step in (0, 499, 502, 899, 902, 999)]
    np.testing.assert_allclose(found, [0.5, 0.5, 0.05, 0.05, 0.005, 0.005], rtol=1e-5)
    longer = optimizers.schedule(2000, 0.5, drops=(0.5, 0.9))
    assert float(longer(998)) == pytest.approx(0.5)
    assert float(longer(1002)) == pytest.approx(0.05)


def test_cosine_falls_from_the_rate_to_zero():
    rate = optimizers.schedule(200, 0.4, cosine=True)
    for step in (0, 50, 100, 150, 200):
        expected = 0.4 * 0.5 * (1 + np.cos(np.pi * step / 200))
        assert float(rate(step)) == pytest.approx(expected, abs=1e-6)


def test_drops_and_cosine_exclude_each_other():
    with pytest.raises(ConfigError, match="not both"):
        optimizers.schedule(100, 0.1, drops=(0.5,), cosine=True)


def test_sgd():
    optimizer = optimizers.sgd(100, learning_rate=0.5, momentum=0.9)
    assert isinstance(optimizer, keras.optimizers.SGD)
    variable = keras.Variable([1.0])
    for _ in range(2):
        optimizer.apply([np.float32([0.2])], [variable])
    # -0.1, then 0.9 x -0.1 - 0.1
    np.testing.assert_allclose(variable, [1.0 - 0.1 - 0.19], rtol=1e-6)


def test_schedule_counts_training_steps():
    optimizer, variable = optimizers.sgd(4, learning_rate=1.0, drops=(0.5,)), keras.Variable([0.0])
    path = []
    for _ in range(4):
        optimizer.apply([np.float32([-1.0])], [variable])
        path.append(float(variable[0]))
    # Keras's piecewise constant rate keeps a rate up to and including the boundary.
    np.testing.assert_allclose(np.diff([0, *path]), [1.0, 1.0, 1.0, 0.1], rtol=1e-5)


def test_adam_has_the_papers_momentum():
    optimizer = optimizers.adam(100, learning_rate=0.01)
    assert type(optimizer) is optimizers.OnePassAdam
    assert optimizer.weight_decay is None
    assert optimizer.beta_1 == 0.5
    variable, m, v, expected = keras.Variable([1.0]), 0.0, 0.0, 1.0
    for t, gradient in enumerate((0.5, -2.0, 0.1), start=1):
        optimizer.apply([np.float32([gradient])], [variable])
        m, v = 0.5 * m + 0.5 * gradient, 0.999 * v + 0.001 * gradient**2
        expected -= 0.01 * (m / (1 - 0.5**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-7)
    assert float(variable[0]) == pytest.approx(expected, abs=1e-6)


def test_weight_decay_makes_it_adamw():
    optimizer = optimizers.adam(100, learning_rate=0.1, weight_decay=0.25, drops=(0.5,))
    assert type(optimizer) is optimizers.OnePassAdam
    assert (optimizer.beta_1, optimizer.weight_decay) == (0.5, 0.25)
    variable = keras.Variable([2.0])
    optimizer.apply([np.float32([0.0])], [variable])  # nothing but decay
    assert float(variable[0]) == pytest.approx(2.0 - 0.1 * 0.25 * 2.0, rel=1e-6)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (optimizers.sgd(1, 0.1), keras.optimizers.SGD(0.1)),
        (optimizers.sgd(1, 0.1, momentum=0.9), keras.optimizers.SGD(0.1, momentum=0.9)),
        (optimizers.adam(1, 1e-3), keras.optimizers.Adam(1e-3, beta_1=0.5)),
        (
            optimizers.adam(1, 1e-3, weight_decay=0.1),
            keras.optimizers.AdamW(1e-3, beta_1=0.5, weight_decay=0.1),
        ),
    ],
    ids=["sgd", "momentum", "adam", "adamw"],
)
def test_one_pass_is_what_keras_does_in_many(ours, theirs):
    rng = np.random.default_rng(0)
    start = rng.normal(size=(20, 30)).astype(np.float32)
    found, expected = keras.Variable(start), keras.Variable(start)
    for _ in range(100):
        gradient = rng.normal(size=start.shape).astype(np.float32)
        ours.apply([gradient], [found])
        theirs.apply([gradient], [expected])
    assert np.abs(expected.numpy() - start).max() > 0.01
    np.testing.assert_allclose(found, expected, atol=3e-6)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (optimizers.sgd(1, 0.1), keras.optimizers.SGD(0.1)),
        (optimizers.sgd(1, 0.1, momentum=0.9), keras.optimizers.SGD(0.1, momentum=0.9)),
        (optimizers.adam(1, 1e-3), keras.optimizers.Adam(1e-3, beta_1=0.5)),
    ],
    ids=["sgd", "momentum", "adam"],
)
def test_updates_add_the_gradient_of_keras_l2(ours, theirs):
    """As if it were a part of the loss."""
    rng = np.random.default_rng(0)
    start = rng.normal(size=(20, 30)).astype(np.float32)
    found, free, expected = (keras.Variable(start) for _ in range(3))
    found.regularizer = keras.regularizers.L2(0.25)
    for _ in range(100):
        gradient = rng.normal(size=start.shape).astype(np.float32)
        ours.apply([gradient, gradient], [found, free])
        theirs.apply([gradient + 0.5 * expected.numpy()], [expected])
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.abs(found.numpy() - free.numpy()).max() > 0.01


def test_compiled_updates_are_forgotten_with_their_function():
    """Whoever fits many models in one process, as a grid search does, needs their memory back."""

    def graph(make):
        optimizer, variable = make(10), keras.Variable([1.0])
        optimizer.build([variable])
        update = tf.function(lambda: optimizer.apply([tf.constant([0.2])], [variable]))
        update()
        return weakref.ref(update.get_concrete_function().graph)

    for make in (optimizers.sgd, optimizers.adam):
        found = graph(make)
        gc.collect()
        assert found() is None


# Regularizers of networks.


class Doubled(keras.regularizers.L2):
    """Keras's L2 in name, but twice as strong."""

    def __call__(self, weight):
        return 2.0 * super().__call__(weight)


def network(*regularizers, **last):
    """A network with a regularized kernel per layer; `last` is for the last one."""
    layers = [keras.layers.Dense(5, kernel_regularizer=each) for each in regularizers]
    return keras.Sequential([keras.Input((7,)), *layers, keras.layers.Dense(1, **last)])


def kernels(network):
    return [np.float64(layer.kernel) for layer in network.layers]


def test_l2_of_a_variable_is_the_weight_of_half_its_squares():
    for regularizer, expected in (
        (keras.regularizers.L2(0.25), 0.5),
        (keras.regularizers.L1(0.25), 0.0),
        (keras.regularizers.L1L2(0.1, 0.25), 0.0),  # Keras adds it to the loss, both parts
        (Doubled(0.25), 0.0),
        (None, 0.0),
    ):
        layer = network(regularizer).layers[0]
        assert optimizers.l2_of(layer.kernel) == expected
        assert optimizers.l2_of(layer.bias) == 0.0
    assert optimizers.l2_of(tf.Variable([1.0])) == 0.0


def test_a_penalty_is_the_sum_of_all_regularizers():
    made = network(keras.regularizers.L2(0.15), keras.regularizers.L2(0.05), None)
    first, second, *_ = kernels(made)
    expected = 0.15 * np.sum(first**2) + 0.05 * np.sum(second**2)
    assert float(optimizers.penalty(made)) == pytest.approx(expected, rel=1e-6)
    made = network(keras.regularizers.L1(0.3), keras.regularizers.L2(0.05))
    first, second, _ = kernels(made)
    expected = 0.3 * np.sum(np.abs(first)) + 0.05 * np.sum(second**2)
    assert float(optimizers.penalty(made)) == pytest.approx(expected, rel=1e-6)


def test_a_network_without_any_has_no_penalty():
    assert optimizers.penalty(network(None)) is None


def test_our_optimizers_add_l2_themselves_and_the_loss_everything_else():
    squares, sizes = keras.regularizers.L2(0.1), keras.regularizers.L1(0.3)
    made = network(squares, sizes, Doubled(0.2), None, activity_regularizer=squares)
    x = np.float32(np.random.default_rng(0).normal(size=(3, 7)))
    outputs = made(x).numpy()
    first, second, third, *_ = kernels(made)
    activity = 0.1 * np.sum(outputs**2) / 3
    rest = [activity, 0.3 * np.sum(np.abs(second)), 2 * 0.2 * np.sum(third**2)]
    for ours in (optimizers.sgd(1), optimizers.adam(1)):
        for optimizer in (ours, keras.optimizers.LossScaleOptimizer(ours)):
            found = optimizers.regularization(made, optimizer)
            np.testing.assert_allclose(found, rest, rtol=1e-5)
    for theirs in (keras.optimizers.SGD(), keras.optimizers.Adam()):
        found = optimizers.regularization(made, theirs)
        assert float(sum(found)) == pytest.approx(sum(rest) + 0.1 * np.sum(first**2), rel=1e-5)


def test_frozen_weights_are_not_regularized():
    made = network(keras.regularizers.L1(0.3), None, activity_regularizer="l2")
    made.layers[0].trainable = False
    made(np.ones((3, 7), np.float32))
    assert optimizers.penalty(made) is None
    for optimizer in (optimizers.sgd(1), keras.optimizers.SGD()):
        (activity,) = optimizers.regularization(made, optimizer)
        np.testing.assert_array_equal(activity, made.losses[0])


# The optimizers of a model together.


def test_a_group_is_one_optimizer_to_callbacks():
    first, second = keras.optimizers.SGD(0.1), keras.optimizers.Adam(0.02)
    group = optimizers.OptimizerGroup({"energy": first, "inference_network": second})
    for optimizer in (first, second):
        optimizer.build([keras.Variable([1.0])])
    assert group.built
    assert float(group.learning_rate) == pytest.approx(0.1)
    group.learning_rate = 0.05  # half of what it was
    assert float(first.learning_rate) == pytest.approx(0.05)
    assert float(second.learning_rate) == pytest.approx(0.01)
    first.iterations.assign(3)
    assert int(group.iterations) == 3
    assert len(group.variables) == len(first.variables) + len(second.variables)
