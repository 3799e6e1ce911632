"""Scores of decoded outputs, in NumPy, as tables report them."""

import numpy as np


def example_f1(y, y_true, weight=None):
    """Example-averaged F1: mean_i 2 |y_i n y*_i| / (|y_i| + |y*_i|), an empty pair counting as 1.

    Args:
      y, y_true: decoded and true outputs in {0, 1}, [examples, variables]. True outputs that are
        NaN are missing, and do not count.
      weight: of each example in the average, [examples]; equal by default.

    Returns:
      A float in [0, 1]; equals scikit-learn's `f1_score(average="samples", zero_division=1)`.
    """
    return float(np.average(f1_of_examples(y, y_true), weights=weight))


def f1_of_examples(y, y_true):
    """F1 of each example, [examples]; arguments as those of `example_f1`."""
    known, y_true = ~np.isnan(y_true), np.asarray(y_true) == 1
    y = np.asarray(y, bool) & known
    both = np.count_nonzero(y & y_true, axis=1)
    total = np.count_nonzero(y, axis=1) + np.count_nonzero(y_true, axis=1)
    return np.where(total == 0, 1.0, 2.0 * both / np.maximum(total, 1))


def mean_iou(y, y_true):
    """Intersection over union of each class of each example, averaged, an empty pair counting as 1.

    Args:
      y, y_true: decoded and true outputs in {0, 1}, [examples, height, width, classes].
    """
    return float(np.mean(iou_of_examples(y, y_true)))


def iou_of_examples(y, y_true):
    """Intersection over union of each class of each example, [examples, classes]; arguments as
    those of `mean_iou`."""
    return _ratio(*_overlap(y, y_true, axis=(1, 2)))


def global_iou(y, y_true):
    """Intersection over union of all examples together, sum_i |y_i n y*_i| / sum_i |y_i u y*_i|,
    averaged over classes; arguments as those of `mean_iou`."""
    return float(np.mean(_ratio(*_overlap(y, y_true, axis=(0, 1, 2)))))


def _overlap(y, y_true, axis):
    y, y_true = np.asarray(y, bool), np.asarray(y_true, bool)
    return np.count_nonzero(y & y_true, axis=axis), np.count_nonzero(y | y_true, axis=axis)


def _ratio(both, either):
    return np.where(either == 0, 1.0, both / np.maximum(either, 1))


def pixel_accuracy(y, y_true):
    """Share of pixels with the right class; arguments as those of `mean_iou`."""
    return float(np.mean(np.all(np.asarray(y, bool) == np.asarray(y_true, bool), axis=-1)))


def superpixel_votes(classes, superpixels):
    """The number of pixels of each class in each superpixel.

    Args:
      classes, superpixels: integers of the same shape, from 0.

    Returns:
      counts, [occurring superpixels, classes up to the largest one that occurs].
    """
    numbers = np.unique(superpixels, return_inverse=True)[1].reshape(-1)
    votes = np.zeros((numbers.max() + 1, classes.max() + 1), np.int64)
    np.add.at(votes, (numbers, classes.reshape(-1)), 1)
    return votes


def superpixel_hits(classes, true_classes, superpixels):
    """Which superpixels of an image have the right class: the most frequent one of their pixels.

    Args:
      classes, true_classes, superpixels: integers of the same shape, from 0.

    Returns:
      bool, [occurring superpixels].
    """
    found, true = (
        superpixel_votes(each, superpixels).argmax(axis=1) for each in (classes, true_classes)
    )
    return found == true
