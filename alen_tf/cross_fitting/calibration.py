"""Calibrated marginals of several classifiers, label by label."""

import numpy as np

# Precision of the prior on a label's weights and bias: roughly the number of rows that outweigh it.
PRECISION, PRECISION_OF_BIAS = 10.0, 0.3
NEWTON_STEPS = 30


def logits(marginals, rows):
    """Finite logits of marginals: with `rows` rows, none is closer to 0 or 1 than half a row."""
    return logit(marginals, max(0.5 / (rows + 1), 1e-4)).astype(np.float32)


def logit(p, margin):
    """log(p / (1 - p)), for p moved into [margin, 1 - margin]."""
    p = np.clip(p, margin, 1.0 - margin)
    return np.log(p) - np.log1p(-p)


def sigmoid(found):
    """1 / (1 + exp(-found))."""
    return np.exp(-np.logaddexp(0.0, -found))


def weights_of(rows, weight=None):
    """The weight of each of so many rows, [rows]: the given ones, or equal ones."""
    return np.ones(rows) if weight is None else weight


class Stacking:
    """The logits sum_m a_im l_im + b_i of several classifiers' logits l_im for label i.

    A logistic regression per label (Wolpert, Neural Networks 1992), of a single classifier Platt's
    calibration (1999), with a normal prior around the weights that are best for all labels
    together: a rare label has little other evidence (empirical Bayes). For a label that all rows
    have, or none, the stacked logit is the mean of the logits.

    Attributes:
      weights: a and, last, b, [classifiers + 1, labels].
    """

    def __init__(self, found, y, weight=None):
        """Fits a and b.

        Args:
          found: out-of-fold logits, [classifiers, rows, labels].
          y: labels in {0, 1}, NaN where they are missing, [rows, labels].
          weight: of each row, [rows]; equal by default.
        """
        x, known = _with_ones(found), ~np.isnan(y)
        counts = known * weights_of(len(y), weight)[:, None]
        y, classifiers = np.where(known, y, 0.0), len(found)
        shared = most_probable(
            *(each.reshape(*each.shape[:-2], -1, 1) for each in (x, y, counts)),
            np.append(np.full(classifiers, 1.0 / classifiers), 0.0)[:, None],
            np.full(classifiers + 1, 1e-3),
        )
        precision = np.append(np.full(classifiers, PRECISION), PRECISION_OF_BIAS)
        self.weights = most_probable(x, y, counts, shared, precision)
        often = (counts * y).sum(axis=0)
        constant = (often == 0.0) | (often == counts.sum(axis=0))
        self.weights[:-1, constant], self.weights[-1, constant] = 1.0 / classifiers, 0.0

    def __call__(self, found):
        """Stacked logits, [rows, labels], of logits [classifiers, rows, labels]."""
        return np.einsum("mi,mri->ri", self.weights, _with_ones(found)).astype(np.float32)


def _with_ones(found):
    """[classifiers + 1, rows, labels], the last one the input of b."""
    return np.concatenate([found, np.ones_like(found[:1])])


def most_probable(x, y, counts, centre, precision):
    """Logistic regressions w_i with a normal prior around `centre`, by Newton's method.

    The minimum of sum_r counts_ri L(w_i' x_ri, y_ri) + sum_m precision_m / 2 (w_im - centre_m)^2,
    with the cross entropy L of a logit, for every label i.

    Args:
      x: inputs, [inputs, rows, labels].
      y: labels in {0, 1}, [rows, labels].
      counts: weight of each entry, at least 0, [rows, labels].
      centre: the prior's mean, [inputs, 1].
      precision: 1 / the prior's variance, [inputs].

    Returns:
      [inputs, labels].
    """
    w = np.tile(centre, (1, y.shape[1])).astype(np.float64)
    for _ in range(NEWTON_STEPS):
        p = sigmoid(np.einsum("mi,mri->ri", w, x))
        slope = np.einsum("mri,ri->mi", x, counts * (p - y)) + precision[:, None] * (w - centre)
        curve = counts * p * (1.0 - p)
        curvature = np.stack([np.einsum("mri,ri->im", x, each * curve) for each in x], axis=1)
        step = np.linalg.solve(curvature + np.diag(precision), slope.T[:, :, None])[:, :, 0].T
        longest = np.abs(step).max(axis=0)
        w -= step * np.minimum(1.0, 1.0 / np.maximum(longest, 1e-9))  # it overshoots far away
        if longest.max() < 1e-5:
            break
    return w


def stacked_out_of_fold(found, y, fold, weight=None):
    """Stacked logits for rows that the weights were not fitted to, [rows, labels].

    Args:
      found, y, weight: see `Stacking`.
      fold: the fold of each row, [rows]; its weights are fitted to the others.
    """
    weight = weights_of(len(y), weight)
    stacked = np.zeros(y.shape, np.float32)
    for number in np.unique(fold):
        held_out = fold == number
        stacking = Stacking(found[:, ~held_out], y[~held_out], weight[~held_out])
        stacked[held_out] = stacking(found[:, held_out])
    return stacked
