"""The convolutional value network of DVN (Gygli et al., ICML 2017) for binary segmentation."""

import gin
import keras

from alen_tf.errors import check_counts
from alen_tf.networks.image_energy import ImageEnergy, convolution


@gin.register
class ConvEnergy(ImageEnergy):
    """Three 5x5 convolutions over image and output together, then three dense layers: one score,
    [batch].

    The dense layers fix the images' height and width.
    """

    def __init__(self, outputs, filters=(64, 128, 128), units=(384, 192), name="energy"):
        """Configures the network.

        Args:
          outputs: number of outputs at every place.
          filters: of the convolutions; the second and the third have stride 2.
          units: of the two hidden dense layers.
          name: name of the model.
        """
        del outputs
        check_counts("ConvEnergy.filters", filters)
        check_counts("ConvEnergy.units", units)
        first, *others = filters
        super().__init__(first, name)
        dense = [
            keras.layers.Dense(count, activation="swish", kernel_initializer="he_normal")
            for count in units
        ]
        self.rest = keras.Sequential(
            [
                *(convolution(count, 2, activation="swish") for count in others),
                keras.layers.Flatten(),
                *dense,
                keras.layers.Dense(1, dtype="float32"),
            ]
        )

    def score(self, z, y):
        return self.rest(self.first(z, y))[..., 0]
