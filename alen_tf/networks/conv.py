"""The convolutional value network of DVN (Gygli et al., ICML 2017) for binary segmentation."""

import gin
import keras

from alen_tf.configured import register
from alen_tf.errors import check_counts
from alen_tf.networks.image_energy import ImageEnergy, convolution
from alen_tf.networks.network import WIDEST


@gin.register
@register
class ConvEnergy(ImageEnergy):
    """Three 5x5 convolutions over image and output together, then three dense layers: one score,
    [batch].

    The dense layers determine the height and width of images.
    """

    def __init__(self, filters=(64, 128, 128), units=(384, 192), name="energy"):
        """Configures the network.

        Args:
          filters: of the convolutions; the second and the third have stride 2.
          units: of the two hidden dense layers.
          name: name of the model.

        Raises:
          ConfigError: a setting is out of its range.
        """
        check_counts("ConvEnergy.filters", filters, most=WIDEST)
        check_counts("ConvEnergy.units", units, most=WIDEST)
        super().__init__(filters, name)
        self.units = units

    def make_layers(self, input_shape):
        super().make_layers(input_shape)
        dense = [
            keras.layers.Dense(count, activation="swish", kernel_initializer="he_normal")
            for count in self.units
        ]
        self.rest = keras.Sequential(
            [
                *(convolution(count, 2, activation="swish") for count in self.filters[1:]),
                keras.layers.Flatten(),
                *dense,
                keras.layers.Dense(1, dtype="float32"),
            ]
        )

    def score(self, z, y):
        return self.rest(self.first(z, y))[..., 0]
