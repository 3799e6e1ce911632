"""Gradient-based inference: a few projected ascent steps on the value of an output (Eq. 4, 12)."""

import abc

import gin
import tensorflow as tf

from alen_tf.errors import check_count, check_number

# Below this squared norm a gradient counts as zero: steps shrink with it.
_TINY = 1e-24


class Ascent(abc.ABC):
    """A number of steps that climb the value of an output.

    Attributes:
      steps: the configured number of steps T.
      normalize: whether only a gradient's direction counts.
      log_value: whether it climbs the mean of log v over places in place of that of v.
    """

    normalize = False
    log_value = False

    def __init__(self, steps, step_size):
        """Stores the number of steps and their size.

        Raises:
          ConfigError: they are none.
        """
        check_count(f"{type(self).__name__}.steps", steps, least=0)
        check_number(f"{type(self).__name__}.step_size", step_size)
        self.steps = steps
        self.step_size = step_size

    def begin(self, y, space):
        """What a step takes and gives, a tensor shaped like `y`: by default the output itself."""
        del space
        return y

    @abc.abstractmethod
    def step(self, value, state, space):
        """What follows `state`."""

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
          steps: another number of steps than the configured one. A Python integer is unrolled into
            the graph; a scalar int32 tensor becomes a loop, whose length one graph leaves open.

        Returns:
          The path [y(0), ..., y(T)], a list of T + 1 tensors shaped like `y`; of a loop only
          [y(0), y(T)].
        """
        value = space.restrict(value)
        states = [self.begin(y, space)]
        if tf.is_tensor(steps):
            _, last = tf.while_loop(
                lambda t, state: t < steps,
                lambda t, state: (t + 1, self.step(value, state, space)),
                (tf.constant(0), states[0]),
            )
            states.append(last)
        else:
            for _ in range(self.steps if steps is None else steps):
                states.append(self.step(value, states[-1], space))
        return [self.output(state, space) for state in states]


@gin.register
class GradientAscent(Ascent):
    """y(t+1) = P_Y(y(t) + eta d(t)), with d = dv/dy (Eq. 4) or d = dv/dy / ||dv/dy|| (Eq. 12)."""

    def __init__(
        self,
        steps=gin.REQUIRED,
        step_size=gin.REQUIRED,
        normalize=True,
        free=False,
        per_place=False,
        log_value=False,
    ):
        """Configures the ascent.

        Args:
          steps: number of steps T.
          step_size: eta. With `normalize` it is the Euclidean length of a step before projection.
          normalize: Eq. 12 when true, Eq. 4 when false. The norm is taken per example.
          free: drop from the gradient what the projection would clip at once, before the norm is
            taken. Not in the paper; without it, variables that rest on the boundary use up most of
            the step's length.
          per_place: of a normalised step, let `step_size` be the root mean square over the places
            of an image [height, width, classes], so that it suits images of any size.
          log_value: climb the mean of log v over an image's places, not that of v; for ascents on
            v alone. Not in the paper, and the same direction where v is one number. Of many, v =
            sigmoid(score) has no slope where a place is sure to be wrong; log v has its steepest
            there, and none where a place is sure to be right.
        """
        super().__init__(steps, step_size)
        self.normalize = normalize
        self.free = free
        self.per_place = per_place
        self.log_value = log_value

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
            if self.per_place:
                squares /= tf.cast(tf.reduce_prod(tf.shape(y)[1:-1]), y.dtype)
            gradient *= tf.math.rsqrt(tf.maximum(squares, _TINY))
        return gradient

    def step(self, value, state, space):
        direction = self.direction(value, state, space)
        return space.project(state + self.step_size * direction)


def along(path, offset=0):
    """An output from anywhere on an ascent's path for each example, [batch, ...]: example i gives
    that of step (offset + i) % (T + 1).

    Batches are shuffled, so every example gives all of them in time. What goes by the place in the
    batch, as starts do in training, is tied to steps unless `offset` changes.

    Args:
      path: outputs [y(0), ..., y(T)], each [batch, ...].
      offset: the step of example 0, such as the number of the training step.
    """
    examples = tf.range(tf.shape(path[0])[0])
    steps = (tf.cast(offset, tf.int32) + examples) % len(path)
    return tf.gather_nd(tf.stack(path), tf.stack([steps, examples], axis=-1))
