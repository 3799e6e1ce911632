"""Scores of decoded outputs, in NumPy: what tables report."""

import numpy as np


def example_f1(y, y_true):
    """Example-averaged F1: mean_i 2 |y_i n y*_i| / (|y_i| + |y*_i|), an empty pair counting as 1.

    Args:
      y, y_true: decoded and true outputs in {0, 1}, [examples, variables].

    Returns:
      A float in [0, 1]; equals scikit-learn's `f1_score(average="samples", zero_division=1)`.
    """
    return float(np.mean(f1_of_examples(y, y_true)))


def f1_of_examples(y, y_true):
    """F1 of each example, [examples]; arguments as those of `example_f1`."""
    y, y_true = np.asarray(y, bool), np.asarray(y_true, bool)
    both = np.count_nonzero(y & y_true, axis=1)
    total = np.count_nonzero(y, axis=1) + np.count_nonzero(y_true, axis=1)
    return np.where(total == 0, 1.0, 2.0 * both / np.maximum(total, 1))
