"""An energy that starts at the expected oracle value under an inference network's marginals."""

import gin
import keras
from keras import ops

from alen_tf.configured import register
from alen_tf.errors import check_count, check_number
from alen_tf.networks.energy import Energy
from alen_tf.networks.mlp import half_squares

# What a value of 0 or 1 is moved to before its logit is taken.
_MARGIN = 1e-4


@gin.register
@register
class ExpectedOracle(Energy):
    """s(l, y) = (1 + c_1) logit(v_0) + c_0 + w_2' softplus(W_1 y + W_3 l + b_1).

    The input enters through an inference network's logits l alone. v_0, the soft Dice
    2 sum_i y_i p_i / sum_i (y_i + p_i) of y and of the marginals p = sigmoid(a * l + b), is close
    to the expected F1 of y where labels are independent given x. Learning starts at v = v_0. An
    energy that does not see x itself cannot learn by heart which label sets belong to which row.
    Not in the paper.
    """

    sees = "logits"

    def __init__(self, units=16, l2=0.01, name="energy"):
        """Configures the network.

        Args:
          units: width of the residual, which looks at all labels together; 0 for none.
          l2: weight of 1/2 ||W||^2 over the residual's kernels and a - 1.
          name: name of the model.

        Raises:
          ConfigError: a setting is out of its range.
        """
        check_count("ExpectedOracle.units", units, least=0)
        check_number("ExpectedOracle.l2", l2)
        super().__init__(name=name, dtype="float32")
        self.units = units
        self.l2 = l2

    def make_layers(self, input_shape):
        labels, penalty = input_shape[1][-1], half_squares(self.l2)

        def weight(shape, name, start="zeros", regularizer=None):
            return self.add_weight(
                shape=shape, initializer=start, regularizer=regularizer, name=name
            )

        self.gain = weight((labels,), "gain", regularizer=penalty)  # a - 1
        self.shift = weight((labels,), "shift")  # b
        self.value_gain = weight((), "value_gain")  # c_1
        self.value_shift = weight((), "value_shift")  # c_0
        if self.units:
            normal = keras.initializers.RandomNormal
            self.of_output = keras.layers.Dense(
                self.units,
                use_bias=False,
                kernel_initializer=normal(stddev=0.5),
                kernel_regularizer=penalty,
            )
            self.of_logits = keras.layers.Dense(
                self.units, kernel_initializer=normal(stddev=0.1), kernel_regularizer=penalty
            )
            self.residual = keras.layers.Dense(
                1, use_bias=False, kernel_initializer="zeros", kernel_regularizer=penalty
            )

    def encode(self, x, training=False):
        """The marginals p, [batch, labels], and W_3 l + b_1, for logits x."""
        del training
        marginals = ops.sigmoid((1.0 + self.gain) * x + self.shift)
        return [marginals, self.of_logits(x)] if self.units else [marginals]

    def score(self, z, y):
        marginals = z[0]
        both = ops.sum(y * marginals, axis=-1)
        value = 2.0 * both / (ops.sum(y + marginals, axis=-1) + 1e-7)
        value = ops.clip(value, _MARGIN, 1.0 - _MARGIN)
        score = (1.0 + self.value_gain) * (ops.log(value) - ops.log1p(-value)) + self.value_shift
        if self.units:
            score += self.residual(ops.softplus(self.of_output(y) + z[1]))[..., 0]
        return score
