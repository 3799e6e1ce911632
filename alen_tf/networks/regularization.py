"""Weight penalties."""

import keras
import tensorflow as tf


class HalfSquaredNorm(keras.regularizers.Regularizer):
    """weight / 2 ||W||^2, in one pass over W, and one product for its gradient.

    Keras's `L2` takes six: it squares into a new array, and spreads the sum's gradient over others.
    """

    def __init__(self, weight):
        """Stores the factor `weight`."""
        self.weight = weight

    def __call__(self, x):
        return self.weight * tf.nn.l2_loss(x)


def half_squared_norm(weight):
    """The penalty, or None where `weight` is 0."""
    return HalfSquaredNorm(weight) if weight else None
