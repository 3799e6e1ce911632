"""Partial labels: an output space with some known variables."""

import tensorflow as tf

from alen_tf.inference.spaces import OutputSpace


class Clamped(OutputSpace):
    """A space in which known variables keep their values, whatever an ascent does.

    Any ascent works in it: every method returns outputs with the known values in place, and
    `restrict` removes their part of the gradient, so that no step length is wasted on them.
    """

    def __init__(self, space, known):
        """Configures the space.

        Args:
          space: the `OutputSpace` of all variables.
          known: known values in the space, NaN where unknown, [batch, ...], float32.
        """
        self._space = space
        self.known = known
        self._unknown = tf.math.is_nan(known)

    @property
    def unknown(self):
        return tf.cast(self._unknown, tf.float32)

    def clamp(self, y):
        return tf.where(self._unknown, y, self.known)

    def restrict(self, value):
        return lambda y: value(self.clamp(y))

    def relax(self, logits):
        return self.clamp(self._space.relax(logits))

    def logits(self, y, floor=1e-6):
        return self._space.logits(self.clamp(y), floor)

    def project(self, y):
        return self.clamp(self._space.project(y))

    def tangent(self, y, direction):
        return tf.where(self._unknown, self._space.tangent(y, direction), 0.0)

    def start(self, y):
        return self.clamp(self._space.start(y))

    def decode(self, y, threshold=0.5):
        return self._space.decode(self.clamp(y), threshold)

    def cross_entropy(self, logits, y_true):
        return self._space.cross_entropy(logits, y_true)
