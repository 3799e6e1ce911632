"""Oracle values h(y, y*): how good a relaxed output is, given its truth (Eq. 8-10).

All functions take `y` in [0, 1] and `y_true` in {0, 1}, both [batch, ...], and return values in
[0, 1]; the trailing axes hold the output variables. Two empty label sets agree perfectly: h = 1.

Most return one value per example, [batch], for energies with one score. For energies that score
every pixel, `soft_pixel_accuracy` and `local_iou` return a value per pixel, [batch, height, width];
the value of the image is the mean.
"""

import gin
import tensorflow as tf

from alen_tf.configured import named, register

# The value of an example in words; for values per pixel, their mean.
NAMES = {
    "f1": "F1",
    "iou": "IoU",
    "class_iou": "mean IoU of classes",
    "soft_pixel_accuracy": "soft pixel accuracy",
    "local_iou": "local IoU",
}


def intersection(y, y_true):
    """Eq. 9: sum_i min(y_i, y*_i)."""
    return tf.reduce_sum(tf.minimum(y, y_true), axis=_variables(y))


def union(y, y_true):
    """Eq. 10: sum_i max(y_i, y*_i)."""
    return tf.reduce_sum(tf.maximum(y, y_true), axis=_variables(y))


@gin.register
@register
def f1(y, y_true):
    """Eq. 8: 2 |y n y*| / (|y n y*| + |y u y*|)."""
    both, either = intersection(y, y_true), union(y, y_true)
    return _ratio(2.0 * both, both + either)


@gin.register
@register
def f1_cost(y, y_true):
    """1 - h with h of Eq. 8: a cost for margins."""
    return 1.0 - f1(y, y_true)


@gin.register
@register
def iou(y, y_true):
    """Intersection over union: |y n y*| / |y u y*|."""
    return _ratio(intersection(y, y_true), union(y, y_true))


@gin.register
@register
def class_iou(y, y_true):
    """Intersection over union of each class of the last axis, averaged over the classes."""
    places = list(range(1, len(y.shape) - 1))
    both = tf.reduce_sum(tf.minimum(y, y_true), axis=places)
    either = tf.reduce_sum(tf.maximum(y, y_true), axis=places)
    return tf.reduce_mean(_ratio(both, either), axis=-1)


@gin.register
@register
def soft_pixel_accuracy(y, y_true):
    """1 - max_k |y_k - y*_k| at every pixel, the correct mass: [batch, height, width] for images
    [batch, height, width, classes]."""
    return 1.0 - tf.reduce_max(tf.abs(y - y_true), axis=-1)


@gin.register
@register
def local_iou(y, y_true, size=9):
    """Intersection over union in the window of `size` x `size` around every pixel, averaged over
    classes: [batch, height, width] for images [batch, height, width, classes]."""
    both = tf.nn.avg_pool2d(tf.minimum(y, y_true), size, 1, "SAME")
    either = tf.nn.avg_pool2d(tf.maximum(y, y_true), size, 1, "SAME")
    return tf.reduce_mean(_ratio(both, either), axis=-1)


def _variables(y):
    return list(range(1, len(y.shape)))


def _ratio(numerator, denominator):
    # The denominator is zero: y and y* are both empty.
    return tf.where(denominator == 0.0, 1.0, tf.math.divide_no_nan(numerator, denominator))


ORACLES = {
    function.__name__: function for function in (f1, iou, class_iou, soft_pixel_accuracy, local_iou)
}


def get(oracle):
    """The oracle value function with this name, or `oracle` itself if it is a function of (y, y*).

    Raises:
      ConfigError: the name is unknown.
    """
    return named(ORACLES, oracle, "oracle")


def name_of(oracle):
    """The name of an oracle value function, for logs."""
    return oracle if isinstance(oracle, str) else getattr(oracle, "__name__", "oracle")
