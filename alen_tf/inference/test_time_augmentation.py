"""Views of an image that a model predicts from: the whole, crops, mirror images, averaged."""

import gin
import numpy as np
import tensorflow as tf

from alen_tf.configured import Configured, register
from alen_tf.errors import ConfigError, check_count, check_counts

# Rows that a view of 32x32 pixels counts as: features of more than 64 views exceed a processor's
# caches.
ROWS = 8


@register
class Views(Configured):
    """The views of an example that a model sees, and the merging of their outputs.

    The base class is for anything but images: the example itself is the only view.
    """

    count = 1

    def batch(self, size, shape):
        """The number of inputs of `shape` that costs about as much as `size` rows, at least one."""
        del shape
        return max(1, size // self.count)

    def check(self, shape):
        """Checks that inputs of this shape can be split and merged.

        Raises:
          ConfigError: the views exceed the image, or do not cover it.
        """

    def split(self, x):
        """The views of inputs, or of known outputs: [batch, ...] to [views * batch, ...]."""
        return x

    def merge(self, y, shape):
        """Merges outputs of views, [views * batch, ...], into those of examples, [batch,
        *shape]."""
        del shape
        return y

    def mean(self, values):
        """Averages values of views, [views * batch], over each example, [batch]."""
        return tf.reduce_mean(tf.reshape(values, (self.count, -1)), axis=0)


@gin.register
@register
class TestTimeAugmentation(Views):
    """Crops at a grid of offsets, optionally mirrored too; outputs are averaged where views
    overlap.

    DVN's protocol for 32x32 images is `size = 24` with the default offsets: 36 crops.
    """

    def __init__(self, size=None, offsets=(0, 2, 3, 4, 5, 8), mirror=False):
        """Configures the views.

        Args:
          size: height and width of the crops; None for whole images.
          offsets: of the crops, in pixels from the top and from the left.
          mirror: whether every view is also seen mirrored.
        """
        if size is not None:
            check_count("TestTimeAugmentation.size", size)
        check_counts("TestTimeAugmentation.offsets", offsets, least=0)
        self.size = size
        self.offsets = offsets
        self.corners = [(0, 0)] if size is None else [(i, j) for i in offsets for j in offsets]
        self.mirror = mirror
        self.count = len(self.corners) * (2 if mirror else 1)

    def batch(self, size, shape):
        """A view of up to 32x32 pixels counts as `ROWS` rows."""
        height, width = (self.size, self.size) if self.size else shape[:2]
        views = size * 32**2 // (ROWS * max(32**2, height * width))
        return max(1, views // self.count)

    def check(self, shape):
        _check_images((None, *shape))
        size, (height, width) = self.size, shape[:2]
        if size is None:
            return
        offsets = sorted({i for i, _ in self.corners})
        if offsets[-1] + size > min(height, width) or not self._covered(height, width).all():
            raise ConfigError(
                f"TestTimeAugmentation: crops of {size}x{size} at offsets {offsets} do not cover "
                f"images of {height}x{width}, or reach beyond them"
            )

    def split(self, x):
        _check_images(x.shape)
        if self.size is None:
            views = [x]
        else:
            size = self.size
            views = [x[:, i : i + size, j : j + size] for i, j in self.corners]
        if self.mirror:
            views += [tf.reverse(view, axis=[2]) for view in views]
        return tf.concat(views, axis=0)

    def merge(self, y, shape):
        views = tf.split(y, self.count)
        if self.mirror:
            half = len(self.corners)
            views = [
                (view + tf.reverse(mirrored, axis=[2])) / 2.0
                for view, mirrored in zip(views[:half], views[half:], strict=True)
            ]
        if self.size is None:
            return views[0]
        height, width = shape[:2]
        total = 0.0
        for (i, j), view in zip(self.corners, views, strict=True):
            around = [(i, height - self.size - i), (j, width - self.size - j)]
            total += tf.pad(view, [(0, 0), *around, (0, 0)])
        return total / self._covered(height, width)

    def _covered(self, height, width):
        """How many crops see each place of an image, [height, width, 1]."""
        covered = np.zeros((height, width, 1), np.float32)
        for i, j in self.corners:
            covered[i : i + self.size, j : j + self.size] += 1.0
        return covered


def _check_images(shape):
    """Checks that inputs or outputs of this shape are [batch, height, width, channels].

    Raises:
      ConfigError: they are not.
    """
    if len(shape) != 4:
        size = ", ".join(map(str, shape[1:]))
        raise ConfigError(
            "TestTimeAugmentation needs inputs and outputs [batch, height, width, channels], "
            f"not [batch, {size}]; leave it out"
        )
