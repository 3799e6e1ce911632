"""Marginals of a classifier for rows that it has not learned from."""

import numpy as np
from iterstrat.ml_stratifiers import MultilabelStratifiedKFold
from sklearn.base import clone

from alen_tf.errors import DataError

# Fewer rows than these leave a fold nothing to learn from.
FEWEST = 4


def out_of_fold(estimator, x, y, folds=5, seed=0):
    """Out-of-fold marginals of training rows, and the classifier that all of them train.

    Args:
      estimator: a scikit-learn classifier with `predict_proba` for several labels, such as a random
        forest or a `OneVsRestClassifier`.
      x: inputs, [rows, ...], as the estimator takes them.
      y: labels in {0, 1}, [rows, labels].
      folds: number of parts, stratified by label (Sechidis et al., ECML 2011); each is predicted by
        a copy that learns from the others.
      seed: of the folds.

    Returns:
      (P(y_i = 1 | x), [rows, labels]; the `Fitted` classifier).

    Raises:
      DataError: there are too few rows, or the estimator has no probabilities.
    """
    if not hasattr(estimator, "predict_proba"):
        raise DataError(f"{type(estimator).__name__} has no predict_proba")
    if len(y) < FEWEST:
        raise DataError(f"{len(y)} rows are too few for folds: at least {FEWEST} are needed")
    splitter = MultilabelStratifiedKFold(min(folds, len(y) // 2), shuffle=True, random_state=seed)
    found = np.zeros(y.shape)
    strata = np.column_stack([y, ~y.any(axis=1)])  # rows without a label, too
    for learned, held_out in splitter.split(np.zeros(len(y)), strata):
        found[held_out] = Fitted(estimator, _rows(x, learned), y[learned])(_rows(x, held_out))
    return found, Fitted(estimator, x, y)


class Fitted:
    """A classifier fitted to the labels that some rows have and others lack; the rest it predicts
    by their share of rows."""

    def __init__(self, estimator, x, y):
        """Fits a copy of the estimator.

        Args:
          estimator: see `out_of_fold`.
          x, y: rows to learn from.
        """
        counts = y.sum(axis=0)
        self._varied = np.flatnonzero((counts > 0) & (counts < len(y)))
        self._rates = (counts + 0.5) / (len(y) + 1.0)
        if len(self._varied):
            self._model = clone(estimator).fit(x, y[:, self._varied])

    def __call__(self, x):
        """P(y_i = 1 | x), [rows, labels]."""
        rows = x.shape[0]
        marginals = np.tile(self._rates, (rows, 1))
        if len(self._varied):
            found = self._model.predict_proba(x)
            if isinstance(found, list):  # per label, [rows, 2]
                found = np.stack([each[:, 1] for each in found], axis=1)
            # Of a single label, scikit-learn gives both classes.
            marginals[:, self._varied] = found[:, -len(self._varied) :]
        return marginals


def _rows(x, numbers):
    """The rows of a matrix or a data frame with these numbers."""
    return x.iloc[numbers] if hasattr(x, "iloc") else x[numbers]
