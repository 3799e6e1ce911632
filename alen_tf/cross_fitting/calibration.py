"""Calibrated marginals of several classifiers, label by label."""

import numpy as np
from sklearn.linear_model import LogisticRegression

# Labels that fewer rows have, or lack, than these are too rare to learn weights from.
FEWEST = 5


def logits(marginals, rows):
    """Logits of marginals, finite: of `rows` rows none is surer than half a row."""
    return logit(marginals, max(0.5 / (rows + 1), 1e-4)).astype(np.float32)


def logit(p, margin):
    """log(p / (1 - p)), for p moved into [margin, 1 - margin]."""
    p = np.clip(p, margin, 1.0 - margin)
    return np.log(p) - np.log1p(-p)


def sigmoid(found):
    """1 / (1 + exp(-found))."""
    return np.exp(-np.logaddexp(0.0, -found))


class Stacking:
    """The logits sum_m a_im l_im + b_i of several classifiers' logits l_im for label i.

    A logistic regression per label (Wolpert, Neural Networks 1992); of a single classifier it is
    Platt's calibration (1999). Of a rare label the mean of the logits is taken.

    Attributes:
      weights: a, [classifiers, labels].
    """

    def __init__(self, found, y, weight=None):
        """Fits a and b.

        Args:
          found: out-of-fold logits, [classifiers, rows, labels].
          y: labels in {0, 1}, NaN where they are missing, [rows, labels].
          weight: of each row, [rows]; equal by default.
        """
        count, _, labels = found.shape
        self.weights, self._shift = np.full((count, labels), 1.0 / count), np.zeros(labels)
        rare = np.minimum((y == 0).sum(axis=0), (y == 1).sum(axis=0)) < FEWEST
        for label in np.flatnonzero(~rare):
            model = LogisticRegression(solver="newton-cholesky")  # of many rows the fastest
            there = ~np.isnan(y[:, label])
            weights = None if weight is None else weight[there]
            model.fit(found[:, there, label].T, y[there, label], weights)
            self.weights[:, label], self._shift[label] = model.coef_[0], model.intercept_[0]

    def __call__(self, found):
        """Stacked logits, [rows, labels], of logits [classifiers, rows, labels]."""
        stacked = np.einsum("mi,mri->ri", self.weights, found) + self._shift
        return stacked.astype(np.float32)


def stacked_out_of_fold(found, y, fold, weight=None):
    """Stacked logits of rows that their weights are not fitted to, [rows, labels].

    Args:
      found, y, weight: see `Stacking`.
      fold: the fold of each row, [rows]; its weights are fitted to the others.
    """
    weight = np.ones(len(y)) if weight is None else weight
    stacked = np.zeros(y.shape, np.float32)
    for number in np.unique(fold):
        held_out = fold == number
        stacking = Stacking(found[:, ~held_out], y[~held_out], weight[~held_out])
        stacked[held_out] = stacking(found[:, held_out])
    return stacked
