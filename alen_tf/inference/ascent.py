"""Gradient-based inference: a few projected ascent steps on the value of an output (Eq. 4, 12)."""

import abc

import gin
import tensorflow as tf

from alen_tf.configured import Configured, register
from alen_tf.errors import ConfigError, check_count, check_number

# Below this squared norm a gradient counts as zero, and steps shrink with it.
_TINY = 1e-24
# More steps than this run in a loop that keeps only the first and last output.
UNROLLED = 100
NORMS = ("l2", "rms", None)
OBJECTIVES = ("value", "log_value")


class Ascent(Configured, abc.ABC):
    """A number of steps that climb the value of an output.

    Attributes:
      steps: the configured number of steps T.
      norm: "l2" or "rms" if only a gradient's direction counts, otherwise None.
      objective: "value", or "log_value" for the mean of log v over pixels.
    """

    norm = None
    objective = "value"

    def __init__(self, steps, step_size):
        """Stores the number of steps and their size.

        Raises:
          ConfigError: one of them is out of range.
        """
        check_count(f"{type(self).__name__}.steps", steps, least=0)
        check_number(f"{type(self).__name__}.step_size", step_size)
        self.steps = steps
        self.step_size = step_size

    def begin(self, y, space):
        """The state that steps update, shaped like `y`: by default the output itself."""
        del space
        return y

    @abc.abstractmethod
    def step(self, value, state, space, t):
        """The state after `state`, the state of y(t); `t` is a number or an int32 scalar."""

    def output(self, state, space):
        """The output of a state, a point of the space."""
        del space
        return state

    def __call__(self, value, y, space, steps=None):
        """Ascends from `y`.

        Args:
          value: function from outputs [batch, ...] to their values [batch]. Examples must not
            interact.
          y: the initial outputs y(0), [batch, ...].
          space: the `OutputSpace` that holds `y`.
          steps: number of steps; the configured one by default. A Python integer up to `UNROLLED`
            is unrolled into the graph; a larger one, or a scalar int32 tensor, becomes a loop.

        Returns:
          The path [y(0), ..., y(T)], a list of T + 1 tensors shaped like `y`; a loop returns only
          [y(0), y(T)].
        """
        value = space.restrict(value)
        states = [self.begin(y, space)]
        steps = self.steps if steps is None else steps
        if tf.is_tensor(steps) or steps > UNROLLED:
            _, last = tf.while_loop(
                lambda t, state: t < steps,
                lambda t, state: (t + 1, self.step(value, state, space, t)),
                (tf.constant(0), states[0]),
            )
            states.append(last)
        else:
            for t in range(steps):
                states.append(self.step(value, states[-1], space, t))
        return [self.output(state, space) for state in states]


@gin.register
@register
class GradientAscent(Ascent):
    """y(t+1) = P_Y(y(t) + eta d(t)), with d = dv/dy (Eq. 4) or d = dv/dy / ||dv/dy|| (Eq. 12)."""

    def __init__(
        self,
        steps=6,
        step_size=1.0,
        norm="l2",
        active_set=False,
        objective="value",
        decay=1.0,
    ):
        """Configures the ascent.

        Args:
          steps: number of steps T.
          step_size: eta. With `norm` it is the length of a step before projection.
          norm: "l2" for Eq. 12, with the Euclidean norm of each example's gradient; "rms" for the
            root mean square over the pixels of an image [height, width, classes], so that a step
            size suits images of any size; None for the plain gradient of Eq. 4.
          active_set: drop from the gradient what the projection would clip at once, before the norm
            is taken. Not in the paper; without it, variables that rest on the boundary use up most
            of the step's length.
          objective: "value", or "log_value" to climb the mean of log v over an image's pixels, for
            ascents on v alone. Not in the paper; the direction is the same if v is one number. With
            one v per pixel, v = sigmoid(score) has no slope where a pixel is surely wrong; log v is
            steepest there, and flat where a pixel is surely right.
          decay: factor in [0, 1] by which each step is shorter than the one before: eta decay^t.
            Not in the paper, whose steps never end; below 1 and with `norm`, no path is longer
            than eta / (1 - decay).

        Raises:
          ConfigError: a setting is out of its range.
        """
        super().__init__(steps, step_size)
        for name, given, known in (
            ("norm", norm, NORMS),
            ("objective", objective, OBJECTIVES),
            ("active_set", active_set, (False, True)),
        ):
            if given not in known:
                choices = ", ".join(map(repr, known))
                raise ConfigError(f"GradientAscent.{name} is {given!r}, expected one of {choices}")
        check_number("GradientAscent.decay", decay, most=1.0)
        self.norm = norm
        self.active_set = active_set
        self.objective = objective
        self.decay = decay

    def direction(self, value, y, space):
        """d(t) for outputs `y`, [batch, ...]."""
        with tf.GradientTape() as tape:
            tape.watch(y)
            v = value(y)
        gradient = tape.gradient(v, y, unconnected_gradients="zero")
        if self.active_set:
            gradient = space.tangent(y, gradient)
        if self.norm:
            variables = list(range(1, len(gradient.shape)))
            squares = tf.reduce_sum(tf.square(gradient), axis=variables, keepdims=True)
            if self.norm == "rms":
                squares /= tf.cast(tf.reduce_prod(tf.shape(y)[1:-1]), y.dtype)
            gradient *= tf.math.rsqrt(tf.maximum(squares, _TINY))
        return gradient

    def step(self, value, state, space, t):
        size = self.step_size
        if self.decay != 1.0:
            size *= tf.pow(tf.cast(self.decay, state.dtype), tf.cast(t, state.dtype))
        return space.project(state + size * self.direction(value, state, space))


def iterate_at_random(path, seed):
    """A random output of an ascent's path for each example, [batch, ...].

    Args:
      path: outputs [y(0), ..., y(T)], each [batch, ...].
      seed: int32 [2], from which the draws follow.
    """
    batch = tf.shape(path[0])[0]
    steps = tf.random.stateless_uniform([batch], seed, 0, len(path), tf.int32)
    return tf.gather_nd(tf.stack(path), tf.stack([steps, tf.range(batch)], axis=-1))
