"""U-Nets (Ronneberger et al., MICCAI 2015): skip connections at every resolution, and
normalisation.

With a `stride` they work on cells of stride x stride pixels: the pixels of a cell are channels of
its input, and a sub-pixel convolution (Shi et al., CVPR 2016) scores each of them. A larger picture
then costs what one of a cell per pixel does.
"""

import gin
import keras
import tensorflow as tf
from keras import ops

from alen_tf.configured import register
from alen_tf.errors import ConfigError, check_count, check_counts, check_number
from alen_tf.networks.dropout import Dropout
from alen_tf.networks.energy import Energy, matrix_score
from alen_tf.networks.network import WIDEST, InferenceNetwork
from alen_tf.networks.normalization import GroupNormalization


class Block(keras.layers.Layer):
    """Two 3x3 convolutions with normalisation and swish; shape but for the channels is kept."""

    def __init__(self, filters, normalization):
        super().__init__()
        self.steps = []
        for _ in range(2):
            self.steps += [
                keras.layers.Conv2D(
                    filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal"
                ),
                normalization(),
                keras.layers.Activation("swish"),
            ]

    def call(self, x, training=False):
        for layer in self.steps[:-1]:
            x = layer(x, training=training) if _has_modes(layer) else layer(x)
        return self.steps[-1](x)


def _has_modes(layer):
    return isinstance(layer, keras.layers.BatchNormalization)


def _cells(x, stride):
    """The pixels of each cell as channels, [batch, height / stride, width / stride, ...]."""
    return x if stride == 1 else tf.nn.space_to_depth(x, stride)


def _pixels(x, stride):
    """The inverse of `_cells`."""
    return x if stride == 1 else tf.nn.depth_to_space(x, stride)


def _head(outputs, stride):
    """Scores of all pixels of a cell, which `_pixels` puts in their places."""
    return keras.layers.Conv2D(outputs * stride**2, 1, dtype="float32")


def _check_size(name, shape, stride):
    height, width = shape[1:3]
    if (height or 0) % stride or (width or 0) % stride:  # None: of any size
        raise ConfigError(
            f"{name}.stride = {stride}: images of {height}x{width} are not made of whole cells of "
            f"{stride}x{stride} pixels; choose a size that is a multiple of {stride}"
        )


class Hourglass(keras.layers.Layer):
    """Down through `filters`, halving height and width at each (odd ones to their larger half), and
    up again with skip connections: [batch, height, width, filters[0]]."""

    def __init__(self, filters, normalization, dropout):
        super().__init__()
        self.down = [Block(count, normalization) for count in filters]
        self.up = [Block(count, normalization) for count in filters[:-1]]
        self.pool = keras.layers.AveragePooling2D(2, padding="same")
        self.unpool = keras.layers.UpSampling2D(interpolation="bilinear")
        self.dropout = Dropout(dropout)

    def call(self, x, training=False):
        kept = []
        for block in self.down[:-1]:
            kept.append(block(x, training=training))
            x = self.pool(kept[-1])
        x = self.dropout(self.down[-1](x, training=training), training=training)
        for block, fine in zip(reversed(self.up), reversed(kept), strict=True):
            x = self.unpool(x)
            if x.shape[1:3] != fine.shape[1:3]:  # a slice of all costs time too
                x = x[:, : fine.shape[1], : fine.shape[2]]
            x = block(ops.concatenate([x, fine], axis=-1), training=training)
        return x


@gin.register
@register
class UNet(InferenceNetwork):
    """Inference network g(x): logits at every pixel, [batch, height, width, outputs]."""

    def __init__(
        self, outputs=None, filters=(32, 64, 128), dropout=0.3, stride=1, name="inference_network"
    ):
        """Configures the network.

        Args:
          outputs: number of outputs at every pixel; see `InferenceNetwork`.
          filters: of each resolution, from fine to coarse.
          dropout: share of the coarsest features dropped in training.
          stride: height and width in pixels of the cells that it works on.
          name: name of the model.

        Raises:
          ConfigError: a setting is out of its range; when built, that images are not made of
            cells.
        """
        check_counts("UNet.filters", filters, most=WIDEST)
        check_number("UNet.dropout", dropout, most=1.0)
        check_count("UNet.stride", stride)
        super().__init__(outputs, name)
        self.filters = filters
        self.dropout = dropout
        self.stride = stride

    def make_layers(self, input_shape):
        _check_size("UNet", input_shape, self.stride)
        self.hourglass = Hourglass(self.filters, keras.layers.BatchNormalization, self.dropout)
        self.head = _head(self.outputs, self.stride)

    def call(self, x, training=False):
        features = self.hourglass(_cells(x, self.stride), training=training)
        return _pixels(self.head(features), self.stride)


@gin.register
@register
class UNetEnergy(Energy):
    """`matrix_score` of F(x) + G(x, y), [batch, height, width].

    F is an hourglass over the image, encoded once; G, which a refinement step pays for, is a
    smaller one over what F's made of the image and over y. F has batch normalisation; G has group
    normalisation, because it sees y*, y' and y'', whose statistics differ, and because an ascent
    must not let the examples of a batch interact.
    """

    def __init__(
        self,
        filters=(32, 64, 128),
        context_filters=(16, 32, 64),
        dropout=0.3,
        groups=8,
        stride=1,
        name="energy",
    ):
        """Configures the network.

        Args:
          filters: of each resolution of F, from fine to coarse.
          context_filters: of each resolution of G.
          dropout: share of the coarsest features of F dropped in training.
          groups: of G's channels that are normalised together; each resolution has a multiple.
          stride: height and width in pixels of the cells that it works on.
          name: name of the model.

        Raises:
          ConfigError: a setting is out of its range; when built, that images are not made of
            cells.
        """
        check_counts("UNetEnergy.filters", filters, most=WIDEST)
        check_counts("UNetEnergy.context_filters", context_filters, most=WIDEST)
        check_number("UNetEnergy.dropout", dropout, most=1.0)
        check_count("UNetEnergy.groups", groups)
        check_count("UNetEnergy.stride", stride)
        if any(count % groups for count in context_filters):
            raise ConfigError(
                f"UNetEnergy: context_filters {context_filters}: not multiples of groups {groups}"
            )
        super().__init__(name=name, dtype="float32")  # layers but for scores may be bfloat16
        self.filters = filters
        self.context_filters = context_filters
        self.dropout = dropout
        self.groups = groups
        self.stride = stride

    def make_layers(self, input_shape):
        _check_size("UNetEnergy", input_shape[1], self.stride)
        outputs, width = input_shape[1][-1], self.context_filters[0]
        self.features = Hourglass(self.filters, keras.layers.BatchNormalization, self.dropout)
        self.local = _head(outputs, self.stride)
        self.image = keras.layers.Conv2D(width, 1)
        self.output_half = keras.layers.Conv2D(width, 5, padding="same", use_bias=False)
        self.context = Hourglass(
            self.context_filters, lambda: GroupNormalization(self.groups), dropout=0.0
        )
        self.head = _head(outputs, self.stride)

    def encode(self, x, training=False):
        """F(x) of cells, [batch, height / stride, width / stride, stride^2 outputs], and the
        image's half of G's first convolution."""
        features = self.features(_cells(x, self.stride), training=training)
        return self.local(features), self.image(features)

    def score(self, z, y):
        local, image = z
        given = ops.silu(image + self.output_half(_cells(y, self.stride)))
        return matrix_score(y, _pixels(local + self.head(self.context(given)), self.stride))
