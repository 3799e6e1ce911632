"""Shared by energies of images: the first convolution, half of which is encoded once."""

import keras
from keras import ops

from alen_tf.networks.energy import Energy


def convolution(filters, stride=1, **kwargs):
    """A 5x5 convolution."""
    return keras.layers.Conv2D(
        filters, 5, stride, padding="same", kernel_initializer="he_normal", **kwargs
    )


class ImageEnergy(Energy):
    """An energy that begins with a convolution of (x, y): the sum of one over x, encoded once, and
    one over y.

    It uses swish instead of ReLU, because refinement follows the gradient with respect to y, which
    is piecewise constant in a ReLU network.
    """

    def __init__(self, filters, name):
        """Stores the `filters` of its convolutions; the first convolution has two halves."""
        super().__init__(name=name, dtype="float32")  # layers except scores may be bfloat16
        self.filters = filters

    def make_layers(self, input_shape):
        self.image = convolution(self.filters[0])
        self.output_half = convolution(self.filters[0], use_bias=False)

    def encode(self, x, training=False):
        """The half of the first convolution that sees the image, [batch, height, width,
        filters]."""
        del training
        return self.image(x)

    def first(self, z, y):
        """The first layer's output, [batch, height, width, filters]."""
        return ops.silu(z + self.output_half(y))
