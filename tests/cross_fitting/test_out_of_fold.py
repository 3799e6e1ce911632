import numpy as np
import pytest
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from alen_tf.cross_fitting.out_of_fold import Fitted, fold_of_rows, out_of_fold
from alen_tf.errors import DataError


def cross_fitted(classifier, x, y):
    """Out-of-fold marginals, and the fitted classifier."""
    return out_of_fold(classifier, x, y, fold_of_rows(y))


@pytest.fixture
def rows(random):
    x = random.randn(90, 6)
    return x, np.uint8(x[:, :3] + 0.5 * random.randn(90, 3) > 0.4)


class Frame:
    """As much of a data frame as scikit-learn needs; rows are behind `iloc`."""

    def __init__(self, values):
        self.iloc, self.shape = values, values.shape

    def __array__(self, dtype=None, copy=None):
        return self.iloc

    def __len__(self):
        return len(self.iloc)


class Memory:
    """A classifier that is sure of the rows that it has seen, and of no others."""

    def get_params(self, deep=False):
        return {}

    def fit(self, x, y):
        self.seen = {row.tobytes() for row in x}
        self.labels = y.shape[1]
        return self

    def predict_proba(self, x):
        seen = np.array([row.tobytes() in self.seen for row in x])
        return np.tile(seen[:, None], (1, self.labels)).astype(float)


def test_no_row_is_predicted_by_who_has_seen_it(rows):
    x, y = rows
    marginals, fitted = cross_fitted(Memory(), x, y)
    assert np.all(marginals == 0.0)
    assert np.all(fitted(x) == 1.0)


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(20, random_state=0),  # gives a list
        OneVsRestClassifier(LogisticRegression()),  # gives a matrix
    ],
)
def test_marginals_are_those_of_the_estimator(rows, estimator):
    x, y = rows
    marginals, fitted = cross_fitted(estimator, x, y)
    assert marginals.shape == y.shape
    expected = estimator.fit(x, y).predict_proba(x)
    if isinstance(expected, list):
        expected = np.stack([each[:, 1] for each in expected], axis=1)
    np.testing.assert_allclose(fitted(x), expected)
    assert np.mean((marginals >= 0.5) == y) > 0.75


@pytest.mark.parametrize("container", [sparse.csr_matrix, Frame])
def test_inputs_reach_the_estimator_as_they_are(rows, container):
    x, y = rows
    estimator = OneVsRestClassifier(LogisticRegression())
    found = cross_fitted(estimator, container(x), y)[0]
    np.testing.assert_allclose(found, cross_fitted(estimator, x, y)[0], atol=1e-4)


def test_labels_that_a_fold_or_all_rows_lack_have_their_share(rows):
    x, y = rows
    y = np.concatenate([y, np.zeros((90, 1)), np.ones((90, 1)), np.eye(90)[:, :1]], axis=1)
    marginals, fitted = cross_fitted(OneVsRestClassifier(LogisticRegression()), x, np.uint8(y))
    np.testing.assert_allclose(fitted(x)[:, 3], 0.5 / 91)
    np.testing.assert_allclose(fitted(x)[:, 4], 90.5 / 91)
    assert np.all(np.isfinite(marginals))
    assert marginals[0, 5] < 0.05  # of the only row that has it


def test_few_rows():
    x, y = np.random.RandomState(0).randn(6, 2), np.uint8([[1], [0], [1], [0], [1], [0]])
    assert cross_fitted(OneVsRestClassifier(LogisticRegression()), x, y)[0].shape == (6, 1)
    with pytest.raises(DataError, match="3 rows are too few for folds: at least 4"):
        fold_of_rows(y[:3])
    with pytest.raises(DataError, match="LinearSVC has no predict_proba"):
        cross_fitted(LinearSVC(), x, y)


def test_missing_labels_leave_each_label_its_own_rows(rows):
    x, y = rows
    gaps = np.float32(y)
    gaps[:30, 0], gaps[60:, 1] = np.nan, np.nan
    logistic, fold = LogisticRegression(), np.arange(90) % 3
    found, fitted = out_of_fold(OneVsRestClassifier(logistic), x, gaps, fold)
    for label, known in ((0, slice(30, 90)), (1, slice(0, 60)), (2, slice(0, 90))):
        learned = np.zeros(90, bool)
        learned[known] = True
        alone = LogisticRegression().fit(x[learned], y[learned, label])
        np.testing.assert_allclose(fitted(x)[:, label], alone.predict_proba(x)[:, 1], atol=1e-6)
        alone.fit(x[learned & (fold != 1)], y[learned & (fold != 1), label])
        expected = alone.predict_proba(x[fold == 1])[:, 1]
        np.testing.assert_allclose(found[fold == 1, label], expected, atol=1e-6)


def test_weights_reach_the_classifiers_within(random):
    x, y = random.randn(60, 3), np.uint8(random.rand(60, 2) < 0.4)
    weight = random.rand(60)
    for scaled in (False, True):
        rows = StandardScaler().fit_transform(x) if scaled else x
        classifier = LogisticRegression()
        inner = make_pipeline(StandardScaler(), classifier) if scaled else classifier
        found = Fitted(OneVsRestClassifier(inner), x, y, weight)(x)
        for label in range(2):
            alone = LogisticRegression().fit(rows, y[:, label], weight)
            np.testing.assert_allclose(found[:, label], alone.predict_proba(rows)[:, 1])
        assert np.abs(found - Fitted(OneVsRestClassifier(inner), x, y)(x)).max() > 0.01
    assert classifier.get_metadata_routing().fit.requests["sample_weight"] is None  # as it was
