"""Face segmentation (LFW part labels): predicted at low resolution, judged at full size by
superpixels."""

import gin
import numpy as np
import tensorflow as tf

from alen_tf.objectives import metrics
from alen_tf.tasks.segmentation import ClassSegmentation

BATCH = 64


def classes(y, size):
    """The classes [examples, height, width] of outputs y, enlarged to size = (height, width)."""
    return tf.argmax(tf.image.resize(y, size, "bilinear"), axis=-1).numpy()


@gin.register
class FaceParts(ClassSegmentation):
    """Outputs are enlarged to the size of the original image. The truth is [examples, height,
    width, 2]: the class and the superpixel of every pixel."""

    metric = "superpixel_accuracy"

    def scores(self, y, y_true, threshold=0.5):
        """Shares of pixels and of superpixels whose class is right. A superpixel has the most
        frequent class of its pixels, in the prediction and in the truth."""
        del threshold
        pixels, superpixels = [], []
        for start in range(0, len(y), BATCH):
            truth = y_true[start : start + BATCH]
            found = classes(y[start : start + BATCH], truth.shape[1:3])
            pixels.append(np.mean(found == truth[..., 0], axis=(1, 2)))
            superpixels += map(metrics.superpixel_hits, found, truth[..., 0], truth[..., 1])
        return {
            self.metric: float(np.mean(np.concatenate(superpixels))),
            "pixel_accuracy": float(np.mean(np.concatenate(pixels))),
        }

    def pictures(self, x, path, y_true):
        return super().pictures(x, path, np.eye(path.shape[-1])[y_true[..., 0]])
