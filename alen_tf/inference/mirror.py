"""Gradient-based inference that stays inside the output space: entropic mirror ascent."""

import gin
import tensorflow as tf

from alen_tf.configured import register
from alen_tf.errors import check_number
from alen_tf.inference.ascent import Ascent


@gin.register
@register
class MirrorAscent(Ascent):
    """l(t+1) = (1 - eta w) l(t) + eta dv/dy(y(t)), y(t) = relax(l(t)): climbs v(x, y) + w H(y).

    Steps are taken in logits and gradients at outputs: this is what SPEN (Belanger & McCallum, ICML
    2016) uses instead of projected steps. The gradient of the entropy H at y is -l, so w = 1 makes
    y = relax(dv/dy) the fixed point: mean-field inference. Outputs never reach the boundary, where
    the projection of `GradientAscent` would stop gradients from flowing through it.
    """

    def __init__(self, steps=5, step_size=1.0, entropy=0.0, floor=0.01):
        """Configures the ascent.

        Args:
          steps: number of steps T.
          step_size: eta, in logits per unit of gradient.
          entropy: w, the weight of the output's entropy.
          floor: minimum distance of y(0) from the boundary of the space.

        Raises:
          ConfigError: a setting is out of its range.
        """
        super().__init__(steps, step_size)
        check_number("MirrorAscent.entropy", entropy)
        check_number("MirrorAscent.floor", floor, most=0.5)
        self.entropy = entropy
        self.floor = floor

    def begin(self, y, space):
        """The logits of y(0)."""
        return space.logits(y, self.floor)

    def step(self, value, state, space, t):
        del t
        y = space.relax(state)
        with tf.GradientTape() as tape:
            tape.watch(y)
            v = value(y)
        gradient = tape.gradient(v, y)
        return state + self.step_size * (gradient - self.entropy * state)

    def output(self, state, space):
        return space.relax(state)
