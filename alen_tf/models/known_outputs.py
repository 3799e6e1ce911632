"""Known outputs in training: how they are drawn, and how networks see them.

A model that completes partly known outputs must learn from such examples. For each example of a
step, some outputs are drawn, their values become part of the input, and losses cover the others
(label masks of C-Tran, Lanchantin et al., CVPR 2021).
"""

import abc
import numbers

import gin
import tensorflow as tf

from alen_tf.configured import Configured, register
from alen_tf.errors import ConfigError, check_count, check_number


class KnownOutputs(Configured, abc.ABC):
    """A distribution over which outputs are known."""

    @abc.abstractmethod
    def draw(self, y, seed, joint=False, proposed=None):
        """Draws the known outputs of each example.

        Args:
          y: true outputs, [batch, ...], NaN where they are missing.
          seed: int32 [2], from which all draws follow.
          joint: whether the entries of the last axis are known together, as the classes of a pixel.
          proposed: a function that returns the relaxed outputs, shaped like `y`, that the
            inference network proposes where nothing is known.

        Returns:
          bool, shaped like `y`; ignored where `y` is missing.
        """

    def maps(self, known):
        """Known outputs as networks see them, [batch, ..., 2 * outputs], float32: in the first half
        1 where an output is known to be 1, in the second where it is known to be 0.

        Args:
          known: outputs in {0, 1} where they are known and NaN elsewhere, [batch, ..., outputs].
        """
        return tf.concat([tf.cast(known == value, tf.float32) for value in (1.0, 0.0)], axis=-1)


@gin.register
@register
class KnownAtRandom(KnownOutputs):
    """Random outputs: for each example a share of them, which is uniform between `low` and
    `high`."""

    def __init__(self, low=0.0, high=0.5, nothing=0.25):
        """Stores the shares.

        Args:
          low, high: the smallest and the largest share of an example's outputs that are known.
          nothing: share of the examples without known outputs, so that predictions without them
            stay good.

        Raises:
          ConfigError: a share is not in [0, 1], or `low` is above `high`.
        """
        for name, share in (("low", low), ("high", high), ("nothing", nothing)):
            check_number(f"known_fraction: {name}", share, most=1.0)
        if low > high:
            raise ConfigError(f"known_fraction: low is {low!r}, above high, {high!r}")
        self.low = low
        self.high = high
        self.nothing = nothing

    def draw(self, y, seed, joint=False, proposed=None):
        seeds = tf.random.experimental.stateless_split(seed)
        batch = [tf.shape(y)[0]] + [1] * (len(y.shape) - 1)
        share = tf.random.stateless_uniform(batch, seeds[0], self.low, self.high)
        if self.nothing:
            none = tf.random.experimental.stateless_fold_in(seeds[0], 1)
            share *= tf.cast(tf.random.stateless_uniform(batch, none) >= self.nothing, tf.float32)
        places = tf.shape(y[..., :1] if joint else y)
        known = tf.random.stateless_uniform(places, seeds[1]) < share
        return tf.broadcast_to(known, tf.shape(y))


@gin.register
@register
class Clicks(KnownOutputs):
    """Single pixels of images, which networks see as disks (Sofiiuk et al., ICIP 2022)."""

    def __init__(self, most=10, radius=2):
        """Configures the clicks.

        Args:
          most: largest number of clicks on an image. Fewer clicks are more frequent, and none is
            the most frequent.
          radius: of the disk around a known pixel that networks see, in pixels; 2 for 32x32.

        Raises:
          ConfigError: a setting is out of its range.
        """
        check_count("Clicks.most", most)
        check_count("Clicks.radius", radius, least=0)
        self.most = most
        self.radius = radius

    def draw(self, y, seed, joint=False, proposed=None):
        """Draws clicks where the proposal is wrong, as a user does, and mostly where it is wrong
        all around: the probability of a pixel is the square of the mean error around it."""
        del joint  # the outputs of a pixel are known together
        seeds = tf.random.experimental.stateless_split(seed)
        batch, (height, width) = tf.shape(y)[0], y.shape[1:3]
        error = tf.reduce_mean(tf.abs(y - proposed()), axis=-1, keepdims=True)
        error = tf.where(tf.math.is_nan(error), 0.0, error)
        near = tf.nn.avg_pool2d(error, 2 * self.radius + 1, 1, "SAME")
        # The largest of log chances with Gumbel noise are draws without replacement.
        chance = tf.reshape(2.0 * tf.math.log(near), (batch, height * width))
        noise = -tf.math.log(-tf.math.log(tf.random.stateless_uniform(tf.shape(chance), seeds[0])))
        most = min(self.most, height * width)
        _, places = tf.math.top_k(chance + noise, most)
        # Squared, so that few clicks are more frequent.
        number = (most + 1) * tf.square(tf.random.stateless_uniform([batch, 1], seeds[1]))
        drawn = tf.range(most) < tf.cast(number, tf.int32)
        pixels = tf.one_hot(places, height * width, True, False) & drawn[..., None]
        known = tf.reshape(tf.reduce_any(pixels, axis=1), (batch, height, width, 1))
        return tf.broadcast_to(known, tf.shape(y))

    def maps(self, known):
        across = tf.range(-self.radius, self.radius + 1)
        inside = across[:, None] ** 2 + across**2 <= self.radius**2
        disk = tf.tile(tf.cast(inside, tf.float32)[..., None, None], (1, 1, 2 * known.shape[-1], 1))
        near = tf.nn.depthwise_conv2d(super().maps(known), disk, [1, 1, 1, 1], "SAME")
        return tf.cast(near > 0.5, tf.float32)


def get(known_fraction):
    """The `KnownOutputs` for an argument: a share, a pair of the smallest and the largest share,
    `KnownOutputs`, or None for no known outputs.

    Raises:
      ConfigError: it is something else.
    """
    if known_fraction is None or isinstance(known_fraction, KnownOutputs):
        return known_fraction
    if isinstance(known_fraction, numbers.Real):
        known_fraction = (known_fraction, known_fraction)
    if isinstance(known_fraction, tuple | list) and len(known_fraction) == 2:
        return KnownAtRandom(*known_fraction)
    raise ConfigError(
        f"known_fraction is {known_fraction!r}, expected a share such as 0.5, a pair such as "
        "(0.0, 0.5), Clicks(...), or None"
    )


def joined(x, maps):
    """Inputs, [batch, ..., features], with `KnownOutputs.maps` of their outputs as added features.

    Raises:
      ConfigError: their shapes do not match.
    """
    if isinstance(x, tf.SparseTensor):
        raise ConfigError(
            "known_fraction: known outputs become additional features, which sparse inputs cannot "
            "have: leave out known_fraction, or pass dense inputs"
        )
    one = tf.is_tensor(x) and x.dtype.is_floating
    if not one or x.shape[1:-1] != maps.shape[1:-1]:
        shape = ", ".join(map(str, ["batch", *maps.shape[1:-1], "features"]))
        raise ConfigError(
            "known_fraction: known outputs become additional features of the inputs, which must "
            f"be one array of numbers, [{shape}]"
        )
    return tf.concat([x, tf.cast(maps, x.dtype)], axis=-1)
