"""The convolutional value network of DVN (Gygli et al., ICML 2017) for binary segmentation."""

import gin
import keras
from keras import ops

from alen_tf.networks.energy import Energy


@gin.register
class ConvEnergy(Energy):
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
        super().__init__(name=name)
        del outputs
        first, *others = filters

        def convolution(count, stride, **kwargs):
            return keras.layers.Conv2D(
                count, 5, stride, padding="same", kernel_initializer="he_normal", **kwargs
            )

        self.image = convolution(first, 1)
        self.output_half = convolution(first, 1, use_bias=False)
        dense = [
            keras.layers.Dense(count, activation="swish", kernel_initializer="he_normal")
            for count in units
        ]
        self.rest = keras.Sequential(
            [
                *(convolution(count, 2, activation="swish") for count in others),
                keras.layers.Flatten(),
                *dense,
                keras.layers.Dense(1),
            ]
        )

    def encode(self, x, training=False):
        """The image's half of the first convolution, [batch, height, width, filters]."""
        del training
        return self.image(x)

    def score(self, z, y):
        return self.rest(ops.silu(z + self.output_half(y)))[..., 0]
