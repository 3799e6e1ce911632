"""P(y_i = 1 | x, y_K): conditionals of each label given any other labels."""

import gin
import keras
import tensorflow as tf

from alen_tf.configured import Configured, register
from alen_tf.errors import check_count, check_number
from alen_tf.networks.dropout import Dropout
from alen_tf.networks.mlp import half_squares
from alen_tf.networks.network import WIDEST


@gin.register
@register
class Conditionals(Configured, keras.layers.Layer):
    """Logits of P(y_i = 1 | x, y_K) for any set K of known labels.

    l_i + u_i' (relu(h(l, y_K)) - relu(h(l, none))) with the hidden layer
    h(l, y_K) = W l + V+ [y_K = 1] + V- [y_K = 0] + c, where l are an inference network's logits,
    which are all that it sees of x. If nothing is known, the marginals are sigmoid(l). An orderless
    NADE (Uria, Murray & Larochelle, ICML 2014): one network for all orders in which labels may
    become known.
    """

    def __init__(self, units=200, l2=0.0, dropout=0.3, name="conditionals"):
        """Configures the layer.

        Args:
          units: width of the hidden layer.
          l2: weight of 1/2 ||.||^2 over its kernels.
          dropout: share of hidden units dropped in training.
          name: name of the layer.

        Raises:
          ConfigError: a setting is out of its range.
        """
        check_count("Conditionals.units", units, most=WIDEST)
        check_number("Conditionals.l2", l2)
        check_number("Conditionals.dropout", dropout, most=1.0)
        super().__init__(name=name, dtype="float32")
        self.units = units
        self.l2 = l2
        self.dropout = dropout

    def build(self, input_shape):
        def kernel(name, stddev):
            return self.add_weight(
                shape=(input_shape[-1], self.units),
                initializer=keras.initializers.RandomNormal(stddev=stddev),
                regularizer=half_squares(self.l2),
                name=name,
            )

        self.of_logits = kernel("of_logits", 0.03)  # W
        self.of_positive = kernel("of_positive", 0.1)  # V+
        self.of_negative = kernel("of_negative", 0.1)  # V-
        self.output_kernel = kernel("output_kernel", 0.0)  # u
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")  # c
        self.drop = Dropout(self.dropout)

    def call(self, logits, known, training=False):
        """The conditional logits of all labels, [batch, labels].

        Args:
          logits: of the inference network, [batch, labels].
          known: labels in {0, 1} where they are known and NaN elsewhere, [batch, labels].
          training: whether to drop hidden units.
        """
        before = self.hidden(logits)
        change = tf.nn.relu(before + self.change(known)) - tf.nn.relu(before)
        change = self.drop(change, training=training)
        return logits + tf.matmul(change, self.output_kernel, transpose_b=True)

    def hidden(self, logits):
        """h(l, none), [batch, units]."""
        return tf.matmul(logits, self.of_logits) + self.bias

    def change(self, known):
        """h(l, y_K) - h(l, none), [batch, units], a sum over known labels."""
        positive, negative = (tf.cast(known == value, tf.float32) for value in (1.0, 0.0))
        return tf.matmul(positive, self.of_positive) + tf.matmul(negative, self.of_negative)
