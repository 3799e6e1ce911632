"""Output spaces Y: relaxed outputs, and the projection P_Y onto the space (Eq. 4, 12).

A space has six functions: `relax(logits)` (from the inference network into the space), `logits(y)`
(back again), `project(y)` (the nearest point of the space), `tangent(y, direction)` (the part of a
direction that stays inside), `start(y)` (the point for "nothing known") and `decode(y)` (a discrete
output). `cross_entropy(logits, y_true)` is the surrogate loss L_task of the space.
"""

import abc

import gin
import numpy as np
import tensorflow as tf

from alen_tf.configured import Configured, named, register


class OutputSpace(Configured, abc.ABC):
    """A convex set of relaxed outputs, [batch, ...].

    Attributes:
      joint: whether the entries of the last axis are one variable.
      unknown: which outputs are not known beforehand, 0 or 1, [batch, ...], float32; None for all.
    """

    joint = False
    unknown = None

    @abc.abstractmethod
    def relax(self, logits):
        """Maps unbounded logits to the inside of the space, same shape."""

    @abc.abstractmethod
    def logits(self, y, floor=1e-6):
        """Logits that `relax` maps to `y`, same shape; `y` is first moved to at least `floor` from
        the boundary, where logits are infinite."""

    @abc.abstractmethod
    def project(self, y):
        """The Euclidean projection P_Y(y), same shape."""

    @abc.abstractmethod
    def tangent(self, y, direction):
        """Projects `direction` at `y` onto the directions that do not leave the space, same
        shape."""

    @abc.abstractmethod
    def start(self, y):
        """The uninformed output, same shape as `y`."""

    @abc.abstractmethod
    def decode(self, y, threshold=0.5):
        """The discrete output of a relaxed one, same shape, in {0, 1}."""

    def holds(self, y):
        """Which entries of `y`, an array or a tensor, are possible true outputs, bool: 0 and 1."""
        return (y == 0) | (y == 1)

    def clamp(self, y):
        """`y` with what is known beforehand in its place."""
        return y

    def restrict(self, value):
        """Restricts `value`, a function of outputs, to the variables that ascent may change."""
        return value

    @abc.abstractmethod
    def cross_entropy(self, logits, y_true):
        """Cross entropy of `relax(logits)` to `y_true`, summed over output variables, [batch].
        Variables whose truth is NaN do not count."""


@gin.register
@register
class Box(OutputSpace):
    """Independent variables in [0, 1]: label sets and binary masks, [batch, ...]."""

    def relax(self, logits):
        return tf.sigmoid(logits)

    def logits(self, y, floor=1e-6):
        y = tf.clip_by_value(y, floor, 1.0 - floor)
        return tf.math.log(y) - tf.math.log1p(-y)

    def project(self, y):
        return tf.clip_by_value(y, 0.0, 1.0)

    def tangent(self, y, direction):
        leaves = ((y <= 0.0) & (direction < 0.0)) | ((y >= 1.0) & (direction > 0.0))
        return tf.where(leaves, 0.0, direction)

    def start(self, y):
        return tf.zeros_like(y)

    def decode(self, y, threshold=0.5):
        return y >= threshold

    def cross_entropy(self, logits, y_true):
        missing = tf.math.is_nan(y_true)
        y_true = tf.where(missing, 0.0, y_true)  # a NaN gradient there would spoil the others
        losses = tf.math.softplus(logits) - y_true * logits  # -log sigmoid(+-logits)
        losses = tf.where(missing, 0.0, losses)
        return tf.reduce_sum(losses, axis=list(range(1, len(logits.shape))))


@gin.register
@register
class Simplex(OutputSpace):
    """Distributions over the classes of the last axis, [batch, ..., classes]: each variable (a
    pixel) belongs to one class."""

    joint = True

    def relax(self, logits):
        return tf.nn.softmax(logits)

    def logits(self, y, floor=1e-6):
        return tf.math.log(tf.maximum(y, floor))

    def project(self, y):
        y -= tf.reduce_max(y, axis=-1, keepdims=True)  # so that a large y does not absorb tau
        # The nearest distribution is [y - tau]_+ with the tau that makes it sum to 1 (Held, Wolfe &
        # Crowder 1974).
        return tf.nn.relu(y - _shift(tf.sort(y, direction="DESCENDING"), 0, total=1.0))

    def tangent(self, y, direction):
        # Likewise, but only classes without mass must not decrease, and the sum does not change.
        free = y > 0.0
        count = tf.reduce_sum(tf.cast(free, tf.int32), axis=-1, keepdims=True)
        order = tf.argsort(tf.where(free, np.inf, direction), direction="DESCENDING")
        tau = _shift(tf.gather(direction, order, batch_dims=len(y.shape) - 1), count, total=0.0)
        return tf.where(free, direction - tau, tf.nn.relu(direction - tau))

    def start(self, y):
        return tf.ones_like(y) / y.shape[-1]

    def decode(self, y, threshold=0.5):
        """One-hot vectors of the most probable class; the threshold is ignored."""
        del threshold
        return tf.one_hot(tf.argmax(y, axis=-1), y.shape[-1], on_value=True, off_value=False)

    def holds(self, y):
        """Shares are possible too, for pixels that cover several pixels of a larger image."""
        return (y >= 0) & (y <= 1)

    def cross_entropy(self, logits, y_true):
        missing = tf.reduce_any(tf.math.is_nan(y_true), axis=-1)
        y_true = tf.where(missing[..., None], 0.0, y_true)  # as of a `Box`
        losses = tf.nn.softmax_cross_entropy_with_logits(labels=y_true, logits=logits)
        losses = tf.where(missing, 0.0, losses)
        return tf.reduce_sum(losses, axis=list(range(1, len(losses.shape))))


def _shift(ordered, free, total):
    """The tau with sum_i (ordered_i - tau) = `total` over the largest set of leading entries in
    which each beyond the first `free` exceeds tau, [..., 1]."""
    count = tf.range(1, ordered.shape[-1] + 1)
    taus = (tf.cumsum(ordered, axis=-1) - total) / tf.cast(count, ordered.dtype)
    kept = tf.reduce_sum(tf.cast((count <= free) | (ordered > taus), tf.int32), -1, keepdims=True)
    return tf.gather(taus, tf.maximum(kept, 1) - 1, batch_dims=len(ordered.shape) - 1)


def get(space):
    """The output space with this name, "box" or "simplex", or `space` itself.

    Raises:
      ConfigError: the name is unknown.
    """
    return named({"box": Box(), "simplex": Simplex()}, space, "output space")
