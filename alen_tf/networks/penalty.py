"""A penalty on weights."""

import keras
import tensorflow as tf

from alen_tf.errors import check_number


class HalfSquares(keras.regularizers.Regularizer):
    """The penalty weight/2 ||W||^2, as a part of the update and not of the loss.

    For variables' regularizers alone, and for the optimizers of `alen_tf.models.optimizers`,
    which add its gradient, weight W: plain SGD by shrinking W, without a matrix for the gradient. A
    call, which Keras adds to `Model.losses`, gives 0, so `Model.fit` would learn without it;
    `penalty` tells the value.
    """

    def __init__(self, weight):
        """Stores the `weight`, from 0."""
        check_number("l2", weight)
        self.weight = weight

    def __call__(self, kernel):
        return tf.zeros([], kernel.dtype)

    def get_config(self):
        return {"weight": self.weight}


def weight_of(variable):
    """The weight of the `HalfSquares` on a variable, 0 where there is none."""
    found = getattr(variable, "regularizer", None)  # which variables of TensorFlow lack
    return found.weight if isinstance(found, HalfSquares) else 0.0


def penalty(network):
    """The sum of weight/2 ||W||^2 over a network's kernels W, a scalar; None where no kernel has a
    `HalfSquares`."""
    penalised = [variable for variable in network.trainable_variables if weight_of(variable)]
    if not penalised:
        return None
    return tf.add_n([weight_of(each) * tf.nn.l2_loss(each.value) for each in penalised])
