"""What tests of models share: a tiny task, and how they train on it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from alen_tf.models import optimizers

from . import by_hand

FEATURES, LABELS, BATCH = 5, 4, 4
LEARNING_RATE = 0.5


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, FEATURES)).astype(np.float32)
    y_true = np.float32([[1, 0, 0, 1], [0, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 0]])
    return x, y_true


@pytest.fixture(scope="session")
def two_replicas():
    """One strategy for all tests: TensorFlow confuses the gradients that strategies exchange where
    several use the same devices in one process."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


@pytest.fixture
def sgd():
    """Makes an optimizer whose step is LEARNING_RATE times the gradient."""
    return lambda: optimizers.sgd(10, LEARNING_RATE)


@pytest.fixture
def build(sgd):
    """Builds and compiles a model for the batch."""

    def build(model, optimizer=None):
        keras.utils.set_random_seed(0)
        model.build((None, FEATURES), (None, LABELS))
        model.compile(optimizer or sgd(), optimizer or sgd())
        return model

    return build


@pytest.fixture
def assert_gradient_step(numeric_gradient):
    """Checks that a step has moved a network's weights by -LEARNING_RATE times the gradient of a
    loss, which is a function of a list of arrays."""

    def check(network, before, loss):
        gradient = by_hand.gradient(loss, before, numeric_gradient)
        moved = by_hand.flatten(before) - by_hand.flatten(by_hand.weights_of(network))
        np.testing.assert_allclose(moved, LEARNING_RATE * gradient, rtol=1e-3, atol=1e-6)
        assert np.abs(moved).max() > 1e-3

    return check
