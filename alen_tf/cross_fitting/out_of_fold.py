"""Marginals of a classifier for rows that it has not seen."""

import keras
import numpy as np
from iterstrat.ml_stratifiers import MultilabelStratifiedKFold
from sklearn.base import clone

from alen_tf.cross_fitting import network
from alen_tf.cross_fitting.weighted import weighted_fit
from alen_tf.errors import DataError

# With fewer rows, a fold could leave nothing to learn from.
FEWEST = 4


def fold_of_rows(y, folds=5, seed=0):
    """The fold of each row, [rows], from 0: stratified by label (Sechidis et al., ECML 2011); rows
    without labels are stratified too. Missing labels count as absent.

    Raises:
      DataError: there are too few rows.
    """
    if len(y) < FEWEST:
        raise DataError(f"{len(y)} rows are too few for folds: at least {FEWEST} are needed")
    splitter = MultilabelStratifiedKFold(min(folds, len(y) // 2), shuffle=True, random_state=seed)
    y = y == 1
    strata = np.column_stack([y, ~y.any(axis=1)])
    fold = np.zeros(len(y), np.int32)
    for number, (_, held_out) in enumerate(splitter.split(np.zeros(len(y)), strata)):
        fold[held_out] = number
    return fold


def out_of_fold(classifier, x, y, fold, seed=0, weight=None):
    """Out-of-fold marginals of training rows.

    Args:
      classifier: a scikit-learn classifier with `predict_proba` for several labels, such as a
        random forest or a `OneVsRestClassifier`, or a `keras.Model` with a logit per label, not
        built.
      x: inputs, [rows, ...], as the classifier takes them.
      y: labels in {0, 1}, NaN where they are missing, [rows, labels].
      fold: the fold of each row, [rows]; a copy that learned from the other folds predicts it.
      seed: of a Keras model.
      weight: of each row, [rows]; equal by default.

    Returns:
      (P(y_i = 1 | x), [rows, labels]; the classifier trained on all rows, a function from inputs to
      marginals).

    Raises:
      DataError: the classifier has no probabilities, or accepts no weights.
    """
    if isinstance(classifier, keras.Model):
        return network.out_of_fold(classifier, x, y, fold, seed, weight)
    if not hasattr(classifier, "predict_proba"):
        raise DataError(f"{type(classifier).__name__} has no predict_proba")
    found = np.zeros(y.shape)
    for number in np.unique(fold):
        learned, held_out = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        part = None if weight is None else weight[learned]
        fitted = _fitted(classifier, rows_of(x, learned), y[learned], part)
        found[held_out] = fitted(rows_of(x, held_out))
    return found, _fitted(classifier, x, y, weight)


def _fitted(classifier, x, y, weight):
    """A classifier fitted to rows; if labels are missing, one copy per label."""
    kind = PerLabel if np.isnan(y).any() else Fitted
    return kind(classifier, x, y, weight)


class PerLabel:
    """Copies of a classifier, each fitted to the rows for which its label is known."""

    def __init__(self, classifier, x, y, weight=None):
        """Fits the copies; arguments as those of `Fitted`, with NaN for a missing label."""
        self._fitted = []
        for number, label in enumerate(y.T):
            rows = np.flatnonzero(~np.isnan(label))
            part = None if weight is None else weight[rows]
            labels = y[rows, number : number + 1]
            self._fitted.append(Fitted(classifier, rows_of(x, rows), labels, part))

    def __call__(self, x):
        """P(y_i = 1 | x), [rows, labels]."""
        return np.hstack([fitted(x) for fitted in self._fitted])


class Fitted:
    """A classifier fitted to the labels that some rows have and others lack. All other labels are
    predicted by their share of rows."""

    def __init__(self, classifier, x, y, weight=None):
        """Fits a copy of the classifier.

        Args:
          classifier: of scikit-learn; see `out_of_fold`.
          x, y: rows to learn from.
          weight: of each of them; equal by default.

        Raises:
          DataError: the classifier accepts no weights.
        """
        counts = y.sum(axis=0)
        self._varied = np.flatnonzero((counts > 0) & (counts < len(y)))
        total = len(y) if weight is None else weight.sum()
        self._rates = ((counts if weight is None else weight @ y) + 0.5) / (total + 1.0)
        if len(self._varied):
            labels = y[:, self._varied]
            fit = clone(classifier).fit if weight is None else weighted_fit(classifier, weight)
            self._model = fit(x, labels if labels.shape[1] > 1 else labels[:, 0])

    def __call__(self, x):
        """P(y_i = 1 | x), [rows, labels]."""
        rows = x.shape[0] if hasattr(x, "shape") else len(x)
        marginals = np.tile(self._rates, (rows, 1))
        if len(self._varied):
            found = self._model.predict_proba(x)
            if isinstance(found, list):  # per label, [rows, 2]
                found = np.stack([each[:, 1] for each in found], axis=1)
            # For a single label, scikit-learn returns both classes.
            marginals[:, self._varied] = found[:, -len(self._varied) :]
        return marginals


def rows_of(x, numbers):
    """The rows with these indices of a matrix, a data frame or a list."""
    if isinstance(x, list):
        return [x[number] for number in numbers]
    return x.iloc[numbers] if hasattr(x, "iloc") else x[numbers]
