import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

from alen_tf.errors import ConfigError
from alen_tf.models import optimizers
from alen_tf.networks.penalty import HalfSquares


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
def test_updates_add_the_gradient_of_half_the_squares(ours, theirs):
    """As if Keras's L2 were a part of the loss."""
    rng = np.random.default_rng(0)
    start = rng.normal(size=(20, 30)).astype(np.float32)
    found, free, expected = (keras.Variable(start) for _ in range(3))
    found.regularizer = HalfSquares(0.5)
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
