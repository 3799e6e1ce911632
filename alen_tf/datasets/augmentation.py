"""Random variations of training images, the same for an image and for its mask."""

import gin
import tensorflow as tf

from alen_tf.errors import ConfigError, check_count, check_number


class Augmentation:
    """Leaves examples as they are.

    Attributes:
      compilable: whether XLA can compile it.
    """

    compilable = True

    def check(self, shape):
        """Checks that inputs of this shape can be varied.

        Raises:
          ConfigError: they are too small.
        """

    def __call__(self, x, y, seed, high_res=1):
        """A variation of a batch, as a pure function of `seed`, so that a resumed run sees the same
        variations.

        Args:
          x: inputs, [batch, ...], of any numeric type.
          y: true outputs, [batch, ...], float32.
          seed: int32 [2].
          high_res: ratio of the images' height and width to those that the model sees; images are
            averaged down at the end.

        Returns:
          (x, y).
        """
        del seed, high_res
        return x, y


@gin.register
class ImageAugmentation(Augmentation):
    """Crops, mirror images, and small rotations, zooms, shifts and changes of colour.

    One projective transformation per image moves pixels, with reflection at the borders: bilinear
    for images, nearest neighbour for masks. If only cropped, images are exact copies.

    At the size that the model sees, moving pixels blurs images and shifts the borders of masks by
    half a pixel. Examples at a multiple of that size (`Splits.high_res`) are moved first and
    averaged down afterwards, like the images of the other splits.
    """

    compilable = False  # XLA has no projective transformation

    def __init__(self, crop=None, mirror=True, shift=0.0, rotation=0.0, zoom=0.0, colour=0.0):
        """Configures the augmentation.

        Args:
          crop: height and width of random crops; None for whole images.
          mirror: whether half of the images are mirrored.
          shift: largest shift as a share of the image's size.
          rotation: largest rotation in degrees.
          zoom: largest change of scale, 0.15 for 85% to 115%.
          colour: largest change of contrast, of each channel's level and of saturation.

        Raises:
          ConfigError: a setting is out of range.
        """
        if crop is not None:
            check_count("ImageAugmentation.crop", crop)
        for name, share in (("shift", shift), ("zoom", zoom), ("colour", colour)):
            check_number(f"ImageAugmentation.{name}", share, most=1.0)
        check_number("ImageAugmentation.rotation", rotation, most=180.0)
        self.crop = crop
        self.mirror = mirror
        self.shift = shift
        self.rotation = rotation
        self.zoom = zoom
        self.colour = colour

    def check(self, shape):
        height, width = shape[:2]
        if self.crop is not None and self.crop > min(height, width):
            raise ConfigError(
                f"ImageAugmentation.crop is {self.crop}, but images are {height}x{width}"
            )

    def __call__(self, x, y, seed, high_res=1):
        batch, (height, width) = tf.shape(x)[0], x.shape[1:3]
        rows, columns = (height, width) if self.crop is None else 2 * (high_res * self.crop,)
        draws = tf.random.stateless_uniform((7, batch), seed, -1.0, 1.0)

        # Pixel p of the variation shows pixel A (p - c') + c + t of the image; c', c are centres.
        angle = draws[0] * self.rotation * (3.14159265 / 180.0)
        scale = 1.0 + draws[1] * self.zoom
        side = tf.where(draws[2] < 0.0, -1.0, 1.0) if self.mirror else tf.ones([batch])
        a, b = scale * tf.cos(angle), scale * tf.sin(angle)
        across = self._offset(draws[3], width, columns)
        down = self._offset(draws[4], height, rows)
        u, v = (columns - 1) / 2.0, (rows - 1) / 2.0
        zero = tf.zeros([batch])
        transforms = tf.stack(
            [
                *(a * side, -b, (width - 1) / 2.0 + across - a * side * u + b * v),
                *(b * side, a, (height - 1) / 2.0 + down - b * side * u - a * v),
                *(zero, zero),
            ],
            axis=-1,
        )

        def move(images, interpolation):
            moved = tf.raw_ops.ImageProjectiveTransformV3(
                images=tf.cast(images, tf.float32),
                transforms=transforms,
                output_shape=(rows, columns),
                fill_value=0.0,
                interpolation=interpolation,
                fill_mode="REFLECT",
            )
            return moved if high_res == 1 else tf.nn.avg_pool2d(moved, high_res, high_res, "VALID")

        return self._recolour(move(x, "BILINEAR"), seed), move(y, "NEAREST")

    def _offset(self, draw, size, cropped):
        """Where the centre of the variation lies, from that of the image, [batch]: crops at whole
        pixels, then the shift."""
        places = size - cropped + 1
        place = tf.minimum(tf.floor((draw + 1.0) / 2.0 * places), places - 1.0)
        # The fractional part of the draw is again uniform.
        rest = (draw + 1.0) / 2.0 * places - place
        return place - (size - cropped) / 2.0 + (2.0 * rest - 1.0) * self.shift * size

    def _recolour(self, x, seed):
        if not self.colour:
            return x
        batch = tf.shape(x)[0]
        seed = tf.random.experimental.stateless_fold_in(seed, 1)
        draws = tf.random.stateless_uniform((batch, 1, 1, 5), seed, -self.colour, self.colour)
        mean = tf.reduce_mean(x, axis=(1, 2), keepdims=True)
        grey = tf.reduce_mean(x, axis=-1, keepdims=True)
        x = grey + (x - grey) * (1.0 + draws[..., :1])
        x = mean + (x - mean) * (1.0 + draws[..., 1:2])
        return x + 128.0 * draws[..., 2:]
