"""What tests of learners share: a tiny task, and the energy written out in NumPy."""

import types

import keras
import numpy as np
import pytest

from alen_tf.inference.spaces import Box
from alen_tf.models import optimizers
from alen_tf.objectives import oracles

FEATURES, LABELS, BATCH = 5, 4, 4
LEARNING_RATE = 0.5
L2 = 0.1


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, FEATURES)).astype(np.float32)
    y_true = np.float32([[1, 0, 0, 1], [0, 1, 0, 0], [1, 1, 1, 0], [0, 0, 1, 0]])
    return x, y_true


@pytest.fixture
def build():
    """Builds a learner for the batch."""

    def build(learner):
        keras.utils.set_random_seed(0)
        learner.build((FEATURES,), (LABELS,), Box(), oracles.f1, total_steps=10)
        return learner

    return build


@pytest.fixture
def sgd():
    """Factory of an optimizer whose step is LEARNING_RATE times the gradient."""
    return lambda total_steps: optimizers.sgd(total_steps, LEARNING_RATE)


def weights_of(network):
    """Trainable weights as float64 arrays."""
    return [variable.numpy().astype(np.float64) for variable in network.trainable_variables]


def assert_gradient_step(network, before, loss):
    """The network's weights moved from `before` by -LEARNING_RATE times the gradient of `loss`.

    `loss` is a function of a list of arrays; its slope is measured by central differences.
    """
    rng = np.random.default_rng(1)
    steps = [b - a for b, a in zip(before, weights_of(network), strict=True)]
    for _ in range(5):
        along = [rng.normal(size=w.shape) for w in before]
        ahead, behind = (
            loss([w + sign * 1e-4 * d for w, d in zip(before, along, strict=True)])
            for sign in (1, -1)
        )
        moved = sum(np.sum(step * d) for step, d in zip(steps, along, strict=True))
        assert moved == pytest.approx(LEARNING_RATE * (ahead - behind) / 2e-4, rel=1e-3, abs=1e-4)


def sigmoid(s):
    return 1 / (1 + np.exp(-s))


def score(weights, x, y):
    """MLPEnergy with one hidden layer: sum_i y_i F_i(x) + w2' softplus(W1 y), [batch]."""
    w, b, local, local_bias, w1, w2 = weights
    z = np.logaddexp(0, x @ w + b) @ local + local_bias
    return np.sum(y * z, axis=1) + (np.logaddexp(0, y @ w1) @ w2)[:, 0]


def slope(weights, x, y):
    """d score / dy, [batch, labels]."""
    w, b, local, local_bias, w1, w2 = weights
    z = np.logaddexp(0, x @ w + b) @ local + local_bias
    return z + (sigmoid(y @ w1) * w2[:, 0]) @ w1.T


def penalty(weights):
    """1/2 L2 ||W||^2 over the kernels of that energy."""
    return 0.5 * L2 * sum(np.sum(np.square(w)) for w in weights if w.ndim == 2)


def mlp(weights, x):
    """MLP with one hidden layer: logits, [batch, labels]."""
    w, b, out, out_bias = weights
    return np.maximum(x @ w + b, 0) @ out + out_bias


def f1(y, y_true):
    both = np.minimum(y, y_true).sum(axis=1)
    return 2 * both / (both + np.maximum(y, y_true).sum(axis=1))


def cross_entropy(logits, targets):
    return np.logaddexp(0, logits) - targets * logits


@pytest.fixture
def hand():
    """The computations above, by name."""
    return types.SimpleNamespace(
        weights_of=weights_of,
        assert_gradient_step=assert_gradient_step,
        sigmoid=sigmoid,
        score=score,
        slope=slope,
        penalty=penalty,
        mlp=mlp,
        f1=f1,
        cross_entropy=cross_entropy,
        L2=L2,
    )
