"""Fully convolutional networks for images (Long et al., CVPR 2015), of the size that ALEN's paper
uses: three 5x5 convolutions and two transposed ones."""

import gin
import keras
from keras import ops

from alen_tf.configured import register
from alen_tf.errors import ConfigError, check_counts, check_number
from alen_tf.networks.dropout import Dropout
from alen_tf.networks.energy import matrix_score
from alen_tf.networks.image_energy import ImageEnergy, convolution
from alen_tf.networks.network import WIDEST, InferenceNetwork

STRIDES = (1, 2, 2)


def _check(name, filters):
    check_counts(f"{name}.filters", filters, most=WIDEST)
    if len(filters) != len(STRIDES):
        raise ConfigError(f"{name}.filters is {filters}, expected {len(STRIDES)} numbers")


def _check_size(name, shape):
    height, width = shape[1:3]
    if height % 4 or width % 4:
        raise ConfigError(
            f"{name} halves images twice and doubles them again: {height}x{width} are not "
            "multiples of 4"
        )


def _transposed(filters, **kwargs):
    return keras.layers.Conv2DTranspose(
        filters, 4, 2, padding="same", kernel_initializer="he_normal", **kwargs
    )


@gin.register
@register
class FCN(InferenceNetwork):
    """Inference network g(x): logits at every pixel, [batch, height, width, outputs].

    Height and width are multiples of four, and may differ from call to call.
    """

    def __init__(self, outputs=None, filters=(64, 128, 128), dropout=0.0, name="inference_network"):
        """Configures the network.

        Args:
          outputs: number of outputs per pixel; see `InferenceNetwork`.
          filters: of the three convolutions.
          dropout: share of the deepest features dropped in training.
          name: name of the model.

        Raises:
          ConfigError: a setting is out of its range.
        """
        _check("FCN", filters)
        check_number("FCN.dropout", dropout, most=1.0)
        super().__init__(outputs, name)
        self.filters = filters
        self.dropout = dropout

    def make_layers(self, input_shape):
        """Makes the layers.

        Raises:
          ConfigError: outputs would differ from images in size.
        """
        _check_size("FCN", input_shape)
        layers = []
        for count, stride in zip(self.filters, STRIDES, strict=True):
            layers.append(convolution(count, stride, activation="relu"))
        if self.dropout:
            layers.append(Dropout(self.dropout))
        layers.append(_transposed(self.filters[0], activation="relu"))
        layers.append(_transposed(self.outputs, dtype="float32"))
        self.body = keras.Sequential(layers)

    def call(self, x, training=False):
        return self.body(x, training=training)


@gin.register
@register
class FCNEnergy(ImageEnergy):
    """The same five layers over image and output together give a matrix of scores F(x, y); the
    score is its `matrix_score`, [batch, height, width].
    """

    def __init__(self, filters=(64, 128, 128), skips=False, name="energy"):
        """Configures the network.

        Args:
          filters: of the three convolutions.
          skips: add the features of each resolution on the way down to those on the way up (as
            FCN-8s does); without skips, strides lose thin parts.
          name: name of the model.

        Raises:
          ConfigError: a setting is out of its range.
        """
        _check("FCNEnergy", filters)
        super().__init__(filters, name)
        self.skips = skips

    def make_layers(self, input_shape):
        """As in `FCN`."""
        _check_size("FCNEnergy", input_shape[0])
        super().make_layers(input_shape)
        first, second, third = self.filters
        outputs = input_shape[1][-1]
        self.second = convolution(second, 2, activation="swish")
        self.third = convolution(third, 2, activation="swish")
        self.up_second = _transposed(second if self.skips else first)
        if self.skips:
            self.up_first = _transposed(first)
            self.head = keras.layers.Conv2D(outputs, 1, dtype="float32")
        else:
            self.up_first = _transposed(outputs, dtype="float32")

    def score(self, z, y):
        fine = self.first(z, y)
        middle = self.second(fine)
        up = self.up_second(self.third(middle))
        if self.skips:
            scores = self.head(ops.silu(self.up_first(ops.silu(up + middle)) + fine))
        else:
            scores = self.up_first(ops.silu(up))
        return matrix_score(y, scores)
