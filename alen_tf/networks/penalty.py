"""A penalty on weights."""

import keras
import tensorflow as tf

from alen_tf.errors import check_number


class HalfSquares(keras.regularizers.Regularizer):
    """The penalty weight/2 ||W||^2. It reads W once, where Keras's L2 makes a matrix of squares."""

    def __init__(self, weight):
        """Stores the `weight`, from 0."""
        check_number("l2", weight)
        self.weight = weight

    def __call__(self, kernel):
        return self.weight * tf.nn.l2_loss(kernel)

    def get_config(self):
        return {"weight": self.weight}
