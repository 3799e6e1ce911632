"""Group normalisation (Wu & He, ECCV 2018) in fewer passes over the features."""

import keras
from keras import ops


class GroupNormalization(keras.layers.GroupNormalization):
    """Keras's layer for images, [batch, height, width, channels], with scale and shift.

    Moments are computed per channel and then combined per group, so the features are never
    reshaped, and are scaled and shifted in one pass.
    """

    def __init__(self, groups):
        """Configures the layer.

        Args:
          groups: number of groups of channels.
        """
        super().__init__(groups)

    def call(self, x):
        """Normalised features, with the shape and type of x."""
        features = ops.cast(x, "float32")
        of_channels, variance = ops.moments(features, axes=(1, 2))
        mean = self._of_groups(of_channels)
        # The variance within channels and that between them.
        variance = self._of_groups(variance + ops.square(of_channels - mean))
        scale = self.gamma * ops.rsqrt(variance + self.epsilon)
        shift = self.beta - mean * scale
        return ops.cast(features * scale[:, None, None] + shift[:, None, None], x.dtype)

    def _of_groups(self, means):
        """Each channel's mean over its group, [batch, channels], from those of channels."""
        channels = means.shape[-1]
        grouped = ops.reshape(means, (-1, self.groups, channels // self.groups))
        return ops.repeat(ops.mean(grouped, axis=-1), channels // self.groups, axis=-1)
