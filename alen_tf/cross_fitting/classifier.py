"""Any scikit-learn classifier of several labels, with an energy that refines its predictions."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state, indexable
from sklearn.utils.validation import check_is_fitted

from alen_tf.cross_fitting.out_of_fold import out_of_fold
from alen_tf.cross_fitting.refined import DECODINGS, Refined
from alen_tf.datasets.readers import arrays
from alen_tf.errors import UserError, check_count
from alen_tf.objectives import metrics


class CrossFittedClassifier(ClassifierMixin, BaseEstimator):
    """Refines the label sets of a classifier by gradient ascent on an energy.

    The energy learns from out-of-fold marginals, so that it knows the errors that the classifier
    makes on new rows: v is then near the true F1 of what is predicted. Where refinement does not
    beat decoding by expected F1, or at a threshold, on held-out rows, the better one takes its
    place. For F1 alone; known labels are not taken.

    Attributes:
      classes_: indices of labels, [labels].
      decoding_: how marginals become label sets: "refined", "expected_f1" or "threshold".
      decoding_scores_: held-out F1 of each, where `decoding` is "auto".
      marginals_: out-of-fold marginals of the training rows, [rows, labels].
    """

    def __init__(self, estimator, *, folds=5, decoding="auto", units=16, random_state=None):
        """Stores hyper-parameters.

        Args:
          estimator: a classifier with `predict_proba` for several labels, such as a random forest
            or a `OneVsRestClassifier`; it gets X as it is, sparse or not.
          folds: number of parts for out-of-fold marginals, from 2.
          decoding: "auto", or one of `decoding_`.
          units: width of the energy's residual over all labels; 0 for none.
          random_state: seed or `RandomState` of folds and energy.
        """
        self.estimator = estimator
        self.folds = folds
        self.decoding = decoding
        self.units = units
        self.random_state = random_state

    def fit(self, X, y):  # noqa: N803
        """Fits the classifier, to all rows and out of fold, and the energy.

        Args:
          X: [rows, features], as the estimator takes it.
          y: binary indicator [rows, labels], dense, data frame or scipy-sparse.

        Returns:
          The estimator.

        Raises:
          ValueError: `y` is no such matrix, or a parameter is out of its range.
        """
        try:
            check_count("folds", self.folds, least=2)
            check_count("units", self.units, least=0)
        except UserError as error:
            raise ValueError(str(error)) from error
        if self.decoding not in ("auto", *DECODINGS):
            known = ", ".join(map(repr, ("auto", *DECODINGS)))
            raise ValueError(f"decoding is {self.decoding!r}, expected one of {known}")
        Y = arrays.indicator(y)  # noqa: N806
        X, Y = indexable(X, Y)  # noqa: N806
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        try:
            self.marginals_, self._fitted = out_of_fold(self.estimator, X, Y, self.folds, seed)
        except UserError as error:
            raise ValueError(str(error)) from error
        self._refined = Refined(self.marginals_, Y, self.decoding, self.units, seed)
        self.classes_ = np.arange(Y.shape[1])
        self.decoding_, self.decoding_scores_ = self._refined.decoding, self._refined.scores
        return self

    def _logits(self, X):  # noqa: N803
        check_is_fitted(self)
        return self._refined.logits(self._fitted(X))

    def predict(self, X):  # noqa: N803
        """Label sets, binary indicator [rows, labels]."""
        return self._refined.sets(self._logits(X)).astype(np.int64)

    def predict_proba(self, X):  # noqa: N803
        """Calibrated marginals P(y_i = 1 | x), [rows, labels]: they rank labels as the classifier's
        own do."""
        return self._refined.calibration(self._logits(X))

    def confidence(self, X):  # noqa: N803
        """The expected F1 of the predicted label sets, [rows]."""
        logits = self._logits(X)
        return self._refined.value(logits, self._refined.sets(logits))

    def score(self, X, y, sample_weight=None):  # noqa: N803
        """Example-averaged F1 of `predict(X)`."""
        values = metrics.f1_of_examples(self.predict(X), arrays.indicator(y))
        return float(np.average(values, weights=sample_weight))

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_refined")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.single_output = False
        tags.target_tags.multi_output = True
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.multi_label = True
        tags.input_tags.sparse = True
        return tags
