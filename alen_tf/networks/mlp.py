"""Multi-layer perceptrons for vectors of labels, as in DVN (Gygli et al., ICML 2017)."""

import gin
import keras
from keras import ops

from alen_tf.configured import register
from alen_tf.errors import check_count, check_finite_number, check_number, check_positive
from alen_tf.networks.dropout import Dropout
from alen_tf.networks.energy import Energy
from alen_tf.networks.network import WIDEST, InferenceNetwork
from alen_tf.networks.sparse_inputs import through


def half_squares(weight):
    """The regularizer weight/2 ||W||^2 of a kernel, or None where `weight` is 0."""
    return keras.regularizers.L2(weight / 2.0) if weight else None


@gin.register
@register
class MLPEnergy(Energy):
    """s(x, y) = sum_i y_i F_i(x) + w2' softplus(W1 y): a local term per label and a global term
    over all of them.

    F is a softplus network, because learning through refinement differentiates the score twice, and
    a ReLU network has no curvature. x may be sparse.
    """

    def __init__(
        self,
        hidden_units=150,
        hidden_layers=1,
        global_units=16,
        l2=0.0,
        input_gain=1.0,
        input_dropout=0.0,
        name="energy",
    ):
        """Configures the network.

        Args:
          hidden_units: width of each hidden layer of F.
          hidden_layers: number of hidden layers of F (DVN: 1 on Bibtex, 2 on Bookmarks).
          global_units: number of units that see all labels together.
          l2: weight of 1/2 ||W||^2, summed over the kernels.
          input_gain: scale of the first layer's initial kernel, relative to He's.
          input_dropout: share of input features dropped in training.
          name: name of the model.

        Raises:
          ConfigError: a setting is out of its range.
        """
        check_count("MLPEnergy.hidden_units", hidden_units, most=WIDEST)
        check_count("MLPEnergy.hidden_layers", hidden_layers, least=0)
        check_count("MLPEnergy.global_units", global_units, most=WIDEST)
        check_positive("MLPEnergy.input_gain", input_gain)
        check_number("MLPEnergy.input_dropout", input_dropout, most=1.0)
        check_number("MLPEnergy.l2", l2)
        super().__init__(name=name, dtype="float32")  # layers except scores may be bfloat16
        self.hidden_units = hidden_units
        self.hidden_layers = hidden_layers
        self.global_units = global_units
        self.l2 = l2
        self.input_gain = input_gain
        self.input_dropout = input_dropout

    def make_layers(self, input_shape):
        def dense(units, gain=1.0, **kwargs):
            # VarianceScaling(scale=2 gain^2) is He's initializer times gain.
            init = keras.initializers.VarianceScaling(2.0 * gain**2, "fan_in", "untruncated_normal")
            return keras.layers.Dense(
                units, kernel_initializer=init, kernel_regularizer=half_squares(self.l2), **kwargs
            )

        gains = [self.input_gain, *[1.0] * (self.hidden_layers - 1)][: self.hidden_layers]
        hidden = [dense(self.hidden_units, gain, activation="softplus") for gain in gains]
        self.features = keras.Sequential([Dropout(self.input_dropout), *hidden])
        labels = input_shape[1][-1]
        self.local = dense(labels, name="local", dtype="float32")
        self.global_features = dense(self.global_units, activation="softplus", use_bias=False)
        self.global_score = dense(1, use_bias=False, dtype="float32")

    def encode(self, x, training=False):
        """F(x): how much each label alone adds to the score, [batch, labels]."""
        return self.local(through(self.features, x, training))

    def score(self, z, y):
        local = ops.sum(y * z, axis=-1)
        return local + ops.squeeze(self.global_score(self.global_features(y)), axis=-1)

    @property
    def global_kernels(self):
        """W1, [labels, units], and w2, [units], of the global term, as arrays."""
        return self.global_features.kernel.numpy(), self.global_score.kernel.numpy()[:, 0]


@gin.register
@register
class MLP(InferenceNetwork):
    """Inference network g(x): a ReLU network that gives one logit per label, [batch, labels], for
    rows x that may be sparse."""

    def __init__(
        self,
        outputs=None,
        hidden_units=150,
        hidden_layers=1,
        dropout=0.0,
        input_dropout=0.0,
        output_bias=0.0,
        l2=0.0,
        name="inference_network",
    ):
        """Configures the network.

        Args:
          outputs: number of labels; see `InferenceNetwork`.
          hidden_units: width of each hidden layer.
          hidden_layers: number of hidden layers; 0 is logistic regression.
          dropout: share of hidden units dropped in training.
          input_dropout: share of input features dropped in training.
          output_bias: initial logit of every label; negative where labels are rare.
          l2: weight of 1/2 ||W||^2, summed over the kernels.
          name: name of the model.

        Raises:
          ConfigError: a setting is out of its range.
        """
        check_count("MLP.hidden_units", hidden_units, most=WIDEST)
        check_count("MLP.hidden_layers", hidden_layers, least=0)
        check_number("MLP.dropout", dropout, most=1.0)
        check_number("MLP.input_dropout", input_dropout, most=1.0)
        check_finite_number("MLP.output_bias", output_bias)
        check_number("MLP.l2", l2)
        super().__init__(outputs, name)
        self.hidden_units = hidden_units
        self.hidden_layers = hidden_layers
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.output_bias = output_bias
        self.l2 = l2

    def make_layers(self, input_shape):
        penalty = half_squares(self.l2)
        layers = [Dropout(self.input_dropout)] if self.input_dropout else []
        for _ in range(self.hidden_layers):
            layers.append(
                keras.layers.Dense(
                    self.hidden_units,
                    activation="relu",
                    kernel_initializer="he_normal",
                    kernel_regularizer=penalty,
                )
            )
            if self.dropout:
                layers.append(Dropout(self.dropout))
        bias = keras.initializers.Constant(self.output_bias)
        layers.append(
            keras.layers.Dense(
                self.outputs, bias_initializer=bias, kernel_regularizer=penalty, dtype="float32"
            )
        )
        self.body = keras.Sequential(layers)

    def call(self, x, training=False):
        return through(self.body, x, training)
