"""Formulas in float64 NumPy that the package is compared with, and that share no code with it.

Networks are lists of weights. Gradients of losses are central differences, so that nothing here
shares calculus with the package either.
"""

import numpy as np


def weights_of(network):
    """Trainable weights as float64 arrays."""
    return [variable.numpy().astype(np.float64) for variable in network.trainable_variables]


def sigmoid(s):
    return 1 / (1 + np.exp(-s))


# Networks.


def mlp(weights, x):
    """MLP with one hidden layer: logits, [batch, labels]."""
    w, b, out, out_bias = weights
    return np.maximum(x @ w + b, 0) @ out + out_bias


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


def value_slope(weights, x, y):
    """dv/dy for v = sigmoid(score)."""
    v = sigmoid(score(weights, x, y))[:, None]
    return v * (1 - v) * slope(weights, x, y)


def penalty(weights, l2):
    """l2/2 ||W||^2 over kernels."""
    return 0.5 * l2 * sum(np.sum(weight**2) for weight in weights if weight.ndim == 2)


# Inference, Eq. 4 and 12.


def ascend(uphill, y, steps, step_size, norm=None, active_set=False):
    """The path from `y` in [0, 1], where `uphill` gives the slope at an output."""
    path = [y]
    for _ in range(steps):
        up = uphill(y)
        if active_set:
            up = np.where((y <= 0) & (up < 0) | (y >= 1) & (up > 0), 0, up)
        if norm == "l2":
            length = np.linalg.norm(up, axis=1, keepdims=True)
            up = up / np.where(length > 0, length, 1)
        y = np.clip(y + step_size * up, 0, 1)
        path.append(y)
    return path


# Oracle values and losses, [batch].


def overlap(y, y_true):
    """Intersection and union, both 1 where both sets are empty."""
    both, either = np.minimum(y, y_true).sum(axis=1), np.maximum(y, y_true).sum(axis=1)
    return np.where(either == 0, 1, both), np.where(either == 0, 1, either)


def f1(y, y_true):
    both, either = overlap(y, y_true)
    return 2 * both / (both + either)


def iou(y, y_true):
    both, either = overlap(y, y_true)
    return both / either


def squared_error(s, target):
    return 0.5 * (sigmoid(s) - target) ** 2


def cross_entropy(s, target):
    v = sigmoid(s)
    return -target * np.log(v) - (1 - target) * np.log(1 - v)


# Gradients.


def flatten(weights):
    return np.concatenate([weight.ravel() for weight in weights])


def unflatten(vector, like):
    ends = np.cumsum([weight.size for weight in like])[:-1]
    parts = np.split(vector, ends)
    return [part.reshape(weight.shape) for part, weight in zip(parts, like, strict=True)]


def gradient(loss, weights, numeric_gradient):
    """Central differences of a loss, a function of a list of arrays, as one vector."""
    return numeric_gradient(
        lambda vector: loss(unflatten(vector, weights)), flatten(weights), step=1e-6
    )
