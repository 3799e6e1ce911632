"""Gradient-based inference that stays inside the output space: entropic mirror ascent."""

import gin
import tensorflow as tf


@gin.register
class MirrorAscent:
    """l(t+1) = (1 - eta w) l(t) + eta dv/dy(y(t)), y(t) = relax(l(t)): climbs v(x, y) + w H(y).

    Steps are taken in logits and gradients at outputs: what SPEN (Belanger & McCallum, ICML 2016)
    uses instead of projected steps. The gradient of the entropy H at y is -l, so that w = 1 makes
    y = relax(dv/dy) the fixed point: mean-field inference. Outputs never reach the boundary, where
    the projection of `GradientAscent` would stop gradients from flowing through it.
    """

    normalize = False  # a gradient's length counts

    def __init__(self, steps=gin.REQUIRED, step_size=gin.REQUIRED, entropy=0.0, floor=0.01):
        """Configures the ascent.

        Args:
          steps: number of steps T.
          step_size: eta, in logits per unit of gradient.
          entropy: w, the weight of the output's entropy.
          floor: distance to the boundary of the space that y(0) is given at least.
        """
        self.steps = steps
        self.step_size = step_size
        self.entropy = entropy
        self.floor = floor

    def __call__(self, value, y, space, steps=None):
        """Ascends from `y`; arguments and result as those of `GradientAscent`."""
        logits = space.logits(y, self.floor)
        path = [space.relax(logits)]
        for _ in range(self.steps if steps is None else steps):
            with tf.GradientTape() as tape:
                tape.watch(path[-1])
                v = value(path[-1])
            gradient = tape.gradient(v, path[-1])
            logits += self.step_size * (gradient - self.entropy * logits)
            path.append(space.relax(logits))
        return path
