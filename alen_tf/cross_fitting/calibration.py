"""Calibrated marginals, label by label (Platt, 1999)."""

import numpy as np
from sklearn.linear_model import LogisticRegression


def logits(marginals, rows):
    """Logits of marginals, [rows, labels], finite: of `rows` rows none is surer than half a row."""
    margin = max(0.5 / (rows + 1), 1e-4)
    p = np.clip(marginals, margin, 1.0 - margin)
    return (np.log(p) - np.log1p(-p)).astype(np.float32)


class Platt:
    """sigmoid(a_i l_i + b_i) for the logit l_i of each label, fitted to out-of-fold ones."""

    def __init__(self, found, y):
        """Fits a and b.

        Args:
          found: out-of-fold logits, [rows, labels].
          y: labels in {0, 1}, [rows, labels].
        """
        self._gain, self._shift = np.ones(y.shape[1]), np.zeros(y.shape[1])
        for label in np.flatnonzero((y.sum(axis=0) > 1) & (y.sum(axis=0) < len(y) - 1)):
            model = LogisticRegression().fit(found[:, [label]], y[:, label])
            if model.coef_[0, 0] > 0:  # else the logit of a rare label says nothing
                self._gain[label], self._shift[label] = model.coef_[0, 0], model.intercept_[0]

    def __call__(self, found):
        """Calibrated marginals of logits, [rows, labels]."""
        return 1.0 / (1.0 + np.exp(-(self._gain * found + self._shift)))
