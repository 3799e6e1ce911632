"""Input convex neural network (Amos, Xu & Kolter, ICML 2017): an energy without local optima."""

import gin
import keras
from keras import ops

from alen_tf.configured import register
from alen_tf.errors import check_count, check_counts, check_number
from alen_tf.networks.energy import Energy
from alen_tf.networks.mlp import half_squares
from alen_tf.networks.network import WIDEST


@gin.register
@register
class ICNN(Energy):
    """s(x, y) = -f(x, y) with f convex in y, so that every local maximum is global.

    The paper's partially input convex network, with features u(x) instead of one layer of u per
    layer of h: h(k+1) = softplus(W(k) (h(k) * softplus(A(k) u)) + V(k) (y * B(k) u) + C(k) u), W >=
    0, and f the last layer without its softplus. Each layer is a sum, with non-negative weights, of
    functions convex in y, under a function that is convex and never decreases.
    """

    def __init__(
        self, hidden_units=150, hidden_layers=1, convex_units=(16,), l2=0.0, name="energy"
    ):
        """Configures the network.

        Args:
          hidden_units: width of each hidden layer of u.
          hidden_layers: number of hidden layers of u.
          convex_units: widths of the layers h(1), h(2), ...
          l2: weight of 1/2 ||W||^2, summed over the kernels.
          name: name of the model.

        Raises:
          ConfigError: a setting is out of its range.
        """
        check_count("ICNN.hidden_units", hidden_units, most=WIDEST)
        check_count("ICNN.hidden_layers", hidden_layers, least=0)
        check_counts("ICNN.convex_units", convex_units, most=WIDEST)
        check_number("ICNN.l2", l2)
        super().__init__(name=name, dtype="float32")
        self.hidden_units = hidden_units
        self.hidden_layers = hidden_layers
        self.convex_units = convex_units
        self.l2 = l2

    def make_layers(self, input_shape):
        penalty, labels = half_squares(self.l2), input_shape[1][-1]

        def dense(units, dtype="float32", **kwargs):
            return keras.layers.Dense(units, kernel_regularizer=penalty, dtype=dtype, **kwargs)

        def non_negative(units, inputs):
            return dense(
                units,
                use_bias=False,
                kernel_initializer=keras.initializers.RandomUniform(0.0, 2.0 / inputs),
                kernel_constraint=keras.constraints.NonNeg(),  # kept by the optimizer
            )

        self.features = [
            dense(self.hidden_units, dtype=None, activation="softplus")
            for _ in range(self.hidden_layers)
        ]
        widths = [*self.convex_units, 1]
        self.h_gates = [dense(width, activation="softplus") for width in self.convex_units]
        self.h_weights = [
            non_negative(width, inputs)
            for width, inputs in zip(widths[1:], self.convex_units, strict=True)
        ]
        self.y_gates = [dense(labels) for _ in widths]
        self.y_weights = [dense(width, use_bias=False) for width in widths]
        self.offsets = [dense(width) for width in widths]

    def encode(self, x, training=False):
        """Everything that depends on x: for each layer, its factors of y, its offset, and its
        factors of h."""
        for layer in self.features:
            x = layer(x)
        return {
            "y_gates": [gate(x) for gate in self.y_gates],
            "offsets": [offset(x) for offset in self.offsets],
            "h_gates": [gate(x) for gate in self.h_gates],
        }

    def score(self, z, y):
        seen = [
            weights(y * gate) + offset
            for weights, gate, offset in zip(
                self.y_weights, z["y_gates"], z["offsets"], strict=True
            )
        ]
        f = seen[0]
        for weights, gate, more in zip(self.h_weights, z["h_gates"], seen[1:], strict=True):
            f = weights(ops.softplus(f) * gate) + more
        return -f[..., 0]
