"""Classifiers of any kind, an energy that learns from their out-of-fold marginals, and the choice
among them, all by rows that what is chosen has not learned from."""

import numpy as np

from alen_tf.cross_fitting.calibration import Platt, logits
from alen_tf.cross_fitting.out_of_fold import fold_of_rows, out_of_fold
from alen_tf.cross_fitting.refined import Refined


class CrossFitted:
    """g, a classifier or the mean of several, and what decodes its marginals.

    Attributes:
      losses: out-of-fold cross entropy of every classifier, calibrated, summed over labels.
      chosen: names of those whose mean has the lowest, found greedily from the best one on.
      marginals: the out-of-fold marginals of that mean, [rows, labels].
      refined: the `Refined` that decodes them.
    """

    def __init__(self, classifiers, x, y, folds=5, decoding="auto", seed=0):
        """Fits all of it.

        Args:
          classifiers: by name; see `out_of_fold`.
          x: inputs, [rows, ...], as the classifiers take them.
          y: labels in {0, 1}, [rows, labels].
          folds: number of parts for out-of-fold marginals.
          decoding: see `Refined`.
          seed: of folds, networks and energy.

        Raises:
          DataError: there are too few rows, or a classifier has no probabilities.
        """
        fold = fold_of_rows(y, folds, seed)
        done = {name: out_of_fold(each, x, y, fold, seed) for name, each in classifiers.items()}
        found = {name: marginals for name, (marginals, _) in done.items()}
        self.losses = {name: _cross_entropy(marginals, y) for name, marginals in found.items()}
        self.chosen = _best_mean(found, self.losses, y)
        self._fitted = [done[name][1]() for name in self.chosen]
        self.marginals = np.mean([found[name] for name in self.chosen], axis=0)
        self.refined = Refined(self.marginals, y, decoding, seed=seed)

    def marginals_of(self, x):
        """The marginals of g for new rows, [rows, labels]."""
        return np.mean([fitted(x) for fitted in self._fitted], axis=0)


def _best_mean(found, losses, y):
    """Names of classifiers, from the one with the lowest loss on, each of which lowers the loss of
    the mean (Caruana et al., ICML 2004)."""
    best, *others = sorted(found, key=losses.get)
    chosen, lowest = [best], losses[best]
    for name in others:
        loss = _cross_entropy(np.mean([found[each] for each in (*chosen, name)], axis=0), y)
        if loss < lowest:
            chosen, lowest = [*chosen, name], loss
    return chosen


def _cross_entropy(marginals, y):
    """The mean cross entropy of calibrated marginals to true labels, summed over labels: smoother
    than F1, and in the same order."""
    found = logits(marginals, len(y))
    p = np.clip(Platt(found, y)(found), 1e-6, 1.0 - 1e-6)
    return float(-np.mean(np.sum(np.where(y, np.log(p), np.log1p(-p)), axis=1)))
