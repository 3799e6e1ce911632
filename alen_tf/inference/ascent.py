"""Gradient-based inference: a few projected ascent steps on the value of an output (Eq. 4, 12)."""

import gin
import tensorflow as tf

# Below this squared norm a gradient counts as zero: steps shrink with it.
_TINY = 1e-24


@gin.register
class GradientAscent:
    """y(t+1) = P_Y(y(t) + eta d(t)), with d = dv/dy (Eq. 4) or d = dv/dy / ||dv/dy|| (Eq. 12).

    Attributes:
      steps: number of steps T, a Python integer: the loop is unrolled into the graph.
    """

    def __init__(self, steps=gin.REQUIRED, step_size=gin.REQUIRED, normalize=True, free=False):
        """Configures the ascent.

        Args:
          steps: number of steps T.
          step_size: eta. With `normalize` it is the Euclidean length of a step before projection.
          normalize: Eq. 12 when true, Eq. 4 when false. The norm is taken per example.
          free: drop from the gradient what the projection would clip at once, before the norm is
            taken. Not in the paper; without it, variables that rest on the boundary use up most of
            the step's length.
        """
        self.steps = steps
        self.step_size = step_size
        self.normalize = normalize
        self.free = free

    def direction(self, value, y, space):
        """d(t) for outputs `y`, [batch, ...]."""
        with tf.GradientTape() as tape:
            tape.watch(y)
            v = value(y)
        gradient = tape.gradient(v, y)
        if self.free:
            gradient = space.tangent(y, gradient)
        if self.normalize:
            variables = list(range(1, len(gradient.shape)))
            squares = tf.reduce_sum(tf.square(gradient), axis=variables, keepdims=True)
            gradient *= tf.math.rsqrt(tf.maximum(squares, _TINY))
        return gradient

    def __call__(self, value, y, space, steps=None):
        """Ascends from `y`.

        Args:
          value: function from outputs [batch, ...] to their values [batch]. Examples must not
            interact.
          y: the initial outputs y(0), [batch, ...].
          space: the `OutputSpace` that holds `y`.
          steps: another number of steps than the configured one.

        Returns:
          The path [y(0), ..., y(T)], a list of T + 1 tensors shaped like `y`.
        """
        path = [y]
        for _ in range(self.steps if steps is None else steps):
            y = space.project(y + self.step_size * self.direction(value, y, space))
            path.append(y)
        return path
