"""Segmentation: which class does each pixel of an image have?"""

import gin
import numpy as np

from alen_tf.datasets.augmentation import ImageAugmentation
from alen_tf.inference.spaces import Box, Simplex
from alen_tf.inference.test_time_augmentation import TestTimeAugmentation
from alen_tf.objectives import metrics, oracles
from alen_tf.tasks import rows_of_images
from alen_tf.tasks.task import Task

SHOWN = 8
# Of classes in pictures, first the background: what colour-blind people tell apart (Okabe, Ito).
COLOURS = (
    np.array(
        [
            (0, 114, 178),
            (240, 228, 66),
            (213, 94, 0),
            (0, 158, 115),
            (86, 180, 233),
            (204, 121, 167),
            (255, 255, 255),
            (0, 0, 0),
        ]
    )
    / 255.0
)


@gin.register
class Segmentation(Task):
    """Masks [height, width, 1], or distributions over classes [height, width, classes], judged by
    mean intersection over union."""

    metric = "mean_iou"
    class_names = ()  # for the legend of pictures, once data is loaded

    def __init__(
        self,
        dataset=gin.REQUIRED,
        oracle=oracles.iou,
        augmentation=None,
        test_time_augmentation=None,
    ):
        """Configures the task.

        Args:
          dataset: function of (manual_dir, data_dir) that returns `Splits` of images.
          oracle: oracle value function h(y, y*), per image or per pixel.
          augmentation: the `ImageAugmentation` of training images; none by default.
          test_time_augmentation: the `TestTimeAugmentation` that predictions are averaged over; the
            whole image by default.
        """
        self.dataset = dataset
        self.oracle = oracle
        self.augmentation = augmentation or ImageAugmentation(mirror=False)
        self.test_time_augmentation = test_time_augmentation or TestTimeAugmentation()
        self.space = Box()

    def load(self, manual_dir=None, data_dir=None):
        return self.dataset(manual_dir=manual_dir, data_dir=data_dir)

    def scores(self, y, y_true, threshold=0.5):
        counted = self.counted(y_true)
        y, y_true = (
            np.asarray(self.space.decode(np.asarray(each), threshold)) & counted[..., None]
            for each in (y, y_true)
        )
        return {
            "mean_iou": metrics.mean_iou(y, y_true),
            "global_iou": metrics.global_iou(y, y_true),
            "pixel_accuracy": metrics.pixel_accuracy(y[counted], y_true[counted]),
        }

    def counted(self, y_true):
        """Which places of a truth count, bool [examples, height, width]: all, or where there are
        classes those that have one."""
        return np.ones(np.shape(y_true)[:-1], bool)

    def pictures(self, x, path, y_true):
        """Rows of one figure: image, truth, the inference network alone, refined."""
        from matplotlib.patches import Patch

        rows = {
            "image": x[:SHOWN].astype(np.uint8)[..., :3] / 255.0,
            "truth": painted(y_true[:SHOWN]),
            "g(x) alone": painted(path[0][:SHOWN]),
            "refined": painted(path[-1][:SHOWN]),
        }
        figure, axes, _ = rows_of_images.figure(rows, size=1.1)
        if 1 < len(self.class_names) <= len(COLOURS):
            colours = COLOURS[: len(self.class_names)]
            patches = [Patch(facecolor=colour, edgecolor="grey") for colour in colours]
            options = {"ncols": 4, "loc": "upper center", "bbox_to_anchor": (0.5, 0.0)}
            axes.legend(patches, self.class_names, frameon=False, **options)
        return {"segmentation": figure}


@gin.register
class ClassSegmentation(Segmentation):
    """Segmentation into more than two classes, one per pixel."""

    def __init__(
        self,
        dataset=gin.REQUIRED,
        oracle=oracles.class_iou,
        augmentation=None,
        test_time_augmentation=None,
    ):
        super().__init__(dataset, oracle, augmentation, test_time_augmentation)
        self.space = Simplex()

    def load(self, manual_dir=None, data_dir=None):
        splits = super().load(manual_dir, data_dir)
        self.class_names = splits.label_names
        return splits

    def counted(self, y_true):
        return np.any(y_true, axis=-1)

    def best_threshold(self, y, y_true):
        """The plain threshold: the most probable class needs none."""
        del y, y_true
        return 0.5


def painted(y):
    """Relaxed outputs as RGB images: [..., 1] in shades of grey, [..., classes] as mixtures of the
    classes' colours."""
    if y.shape[-1] == 1:
        return np.repeat(np.asarray(y, np.float32), 3, axis=-1)
    colours = np.resize(COLOURS, (y.shape[-1], 3))  # from the ninth on again
    return np.clip(y @ colours, 0.0, 1.0)


@gin.register
def own_segmentation(
    classes=gin.REQUIRED,
    dataset=gin.REQUIRED,
    oracle=gin.REQUIRED,
    augmentation=None,
    test_time_augmentation=None,
):
    """The task of a user's own images: `Segmentation` where `classes` is a single name,
    `ClassSegmentation` where it has several; the other arguments are theirs."""
    kind = Segmentation if np.size(classes) == 1 else ClassSegmentation
    return kind(dataset, oracle, augmentation, test_time_augmentation)
