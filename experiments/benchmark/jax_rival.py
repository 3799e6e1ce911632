"""ALEN's training loop as you would write it in JAX, one jitted step at a time, for comparison.

Networks, losses, refinement, optimizers and settings are those of gin/bibtex/alen.gin, and the
data is standardised beforehand. `pip install -e '.[benchmark]'` brings JAX.
"""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
from jax.nn import sigmoid, softplus

from experiments.benchmark.torch_rival import BETA_V, L2, LAMBDA_G, STEPS

DROPOUT = 0.3


def networks(key, features, labels, hidden=150, global_units=16):
    """Random weights of the energy and of g, as dictionaries."""
    shapes = {
        "energy": {
            "hidden": (features, hidden),
            "hidden_bias": (hidden,),
            "local": (hidden, labels),
            "local_bias": (labels,),
            "w1": (labels, global_units),
            "w2": (global_units, 1),
        },
        "g": {
            "hidden": (features, hidden),
            "hidden_bias": (hidden,),
            "out": (hidden, labels),
            "out_bias": (labels,),
        },
    }
    keys = iter(jax.random.split(key, 10))
    return jax.tree.map(
        lambda shape: jax.random.normal(next(keys), shape) / math.sqrt(shape[0]),
        shapes,
        is_leaf=lambda leaf: isinstance(leaf, tuple),
    )


def score(v, z, y):
    """s(x, y), [batch]."""
    return (y * z).sum(1) + (softplus(y @ v["w1"]) @ v["w2"])[:, 0]


def encode(v, x):
    """F(x), [batch, labels]."""
    return softplus(x @ v["hidden"] + v["hidden_bias"]) @ v["local"] + v["local_bias"]


def inference_network(g, x, key, dropout):
    """Logits, [batch, labels]."""
    hidden = jax.nn.relu(x @ g["hidden"] + g["hidden_bias"])
    if dropout:
        kept = jax.random.bernoulli(key, 1.0 - dropout, hidden.shape)
        hidden = jnp.where(kept, hidden / (1.0 - dropout), 0.0)
    return hidden @ g["out"] + g["out_bias"]


def refined(v, z, y):
    """The y'' after normalised steps from y', the first half of the batch from zeros."""
    y = y.at[: len(y) // 2].set(0.0)
    slope = jax.grad(lambda y: score(v, z, y).sum())
    for _ in range(STEPS):
        d = slope(y)
        d = d * jax.lax.rsqrt(jnp.maximum((d**2).sum(1, keepdims=True), 1e-24))
        y = jnp.clip(y + d, 0.0, 1.0)
    return y


def losses(weights, x, y_true, key, dropout=DROPOUT):
    """(the sum of both losses, (energy loss, inference loss)); the gradient of the sum reaches each
    network through its own loss only."""
    v, g, fixed = weights["energy"], weights["g"], jax.lax.stop_gradient
    z, logits = encode(v, x), inference_network(g, x, key, dropout)
    y = sigmoid(logits)
    y_refined = refined(fixed(v), fixed(z), fixed(y))
    energy_loss = distance(score(v, z, y_true), 1.0).mean()
    energy_loss += distance(score(v, z, fixed(y)), f1(fixed(y), y_true)).mean()
    energy_loss += BETA_V * distance(score(v, z, y_refined), f1(y_refined, y_true)).mean()
    task = distance(logits, y_true).sum(1).mean()
    adversarial = 0.5 * ((sigmoid(score(fixed(v), fixed(z), y)) - 1.0) ** 2).mean()
    inference_loss = task + LAMBDA_G * adversarial
    return energy_loss + inference_loss, (energy_loss, inference_loss)


def distance(scores, target):
    """Cross entropy of sigmoid(score) to its target."""
    return softplus(scores) - target * scores


def f1(y, y_true):
    """The oracle value, Eq. 8."""
    both = jnp.minimum(y, y_true).sum(1)
    return 2.0 * both / jnp.maximum(both + jnp.maximum(y, y_true).sum(1), 1e-12)


@functools.partial(jax.jit, donate_argnums=0)
def step(state, x, y, rows, key, total_steps):
    """One step: SGD with a penalty for the energy, Adam with beta_1 = 0.5 for g."""
    weights, m, n, t = state
    gradients, _ = jax.grad(losses, has_aux=True)(weights, x[rows], y[rows], key)
    anneal = 0.5 * (1.0 + jnp.cos(math.pi * t / total_steps))
    energy = {
        name: w - 0.03 * anneal * (gradients["energy"][name] + L2 * w * ("bias" not in name))
        for name, w in weights["energy"].items()
    }
    slopes, t = gradients["g"], t + 1
    m = jax.tree.map(lambda m, g: 0.5 * m + 0.5 * g, m, slopes)
    n = jax.tree.map(lambda n, g: 0.999 * n + 0.001 * g**2, n, slopes)
    rate = 1e-3 * anneal * jnp.sqrt(1.0 - 0.999**t) / (1.0 - 0.5**t)
    g = jax.tree.map(lambda w, m, n: w - rate * m / (jnp.sqrt(n) + 1e-7), weights["g"], m, n)
    return {"energy": energy, "g": g}, m, n, t


def training(examples, batch_size, count, total_steps=100_000, hidden=150, global_units=16):
    """A function that takes `count` training steps."""
    x = examples.x.astype(np.float32)
    x = jnp.asarray((x - x.mean(0)) / np.maximum(x.std(0), 1e-7))
    y = jnp.asarray(examples.y.astype(np.float32))
    weights = networks(jax.random.key(0), x.shape[1], y.shape[1], hidden, global_units)
    zeros = jax.tree.map(jnp.zeros_like, weights["g"])
    state = weights, zeros, jax.tree.map(jnp.zeros_like, zeros), jnp.zeros((), jnp.int32)
    random = np.random.default_rng(0)

    def run():
        nonlocal state
        order = random.permutation(len(x))
        for number, key in enumerate(jax.random.split(jax.random.key(1), count)):
            rows = order[number * batch_size : (number + 1) * batch_size]
            state = step(state, x, y, rows, key, total_steps)
        jax.block_until_ready(state)

    return run
