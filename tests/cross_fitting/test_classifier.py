import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier

import alen_tf
from alen_tf.cross_fitting import refined


@pytest.fixture(scope="module")
def rows():
    """Words that point to rare labels, which exclude one another in pairs."""
    random = np.random.RandomState(0)
    x = random.poisson(0.5, size=(400, 30)).astype(float)
    scores = x @ random.randn(30, 8) + 0.7 * random.randn(400, 8)
    scores[:, ::2] -= 2.0 * np.maximum(scores[:, 1::2], 0)
    return x, np.uint8(scores > np.quantile(scores, 0.8, axis=0))


@pytest.fixture(scope="module")
def fitted(rows):
    x, y = rows
    forest = RandomForestClassifier(60, random_state=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refined, "STEPS", (200, 600))
        return alen_tf.CrossFittedClassifier(forest, random_state=0).fit(x[:300], y[:300])


def f1(found, y):
    return f1_score(y, found, average="samples", zero_division=1.0)


def test_the_decoding_that_held_out_rows_prefer_beats_the_plain_threshold(fitted, rows):
    x, y = rows
    assert fitted.decoding_ == max(fitted.decoding_scores_, key=fitted.decoding_scores_.get)
    found = fitted.predict(x[300:])
    forest = clone(fitted.estimator).fit(x[:300], y[:300]).predict(x[300:])
    assert f1(found, y[300:]) > f1(forest, y[300:]) + 0.05
    assert fitted.score(x[300:], y[300:]) == pytest.approx(f1(found, y[300:]))


def test_confidence_is_near_the_true_f1(fitted, rows):
    x, y = rows
    expected = np.mean(fitted.confidence(x[300:]))
    assert expected == pytest.approx(fitted.score(x[300:], y[300:]), abs=0.08)


def test_marginals_are_calibrated_and_rank_as_the_classifier_does(fitted, rows):
    x, y = rows
    found = fitted.predict_proba(x[300:])
    raw = clone(fitted.estimator).fit(x[:300], y[:300]).predict_proba(x[300:])
    for label in range(8):
        order = np.argsort(raw[label][:, 1], kind="stable")
        assert np.all(np.diff(found[order, label]) >= -1e-9)
    assert np.abs(found.mean(axis=0) - y.mean(axis=0)).max() < 0.1


@pytest.mark.parametrize("decoding", ["refined", "expected_f1", "threshold"])
def test_a_decoding_may_be_asked_for(rows, decoding, monkeypatch):
    monkeypatch.setattr(refined, "STEPS", (20, 40))
    x, y = rows
    y = y.copy()
    y[::5] = 0  # rows without any label
    words = OneVsRestClassifier(LogisticRegression())
    model = alen_tf.CrossFittedClassifier(words, decoding=decoding, random_state=1)
    found = model.fit(x[:200], y[:200]).predict(x[200:])
    assert model.decoding_ == decoding
    assert found.shape == (200, 8)
    assert set(np.unique(found)) <= {0, 1}
    confidence = model.confidence(x[200:])
    assert np.all((confidence >= 0) & (confidence <= 1))


def test_pickles_predict_the_same(fitted, rows):
    loaded = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(loaded.predict(rows[0][300:]), fitted.predict(rows[0][300:]))
    np.testing.assert_array_equal(
        loaded.confidence(rows[0][300:]), fitted.confidence(rows[0][300:])
    )


def test_mistakes_are_named(rows):
    x, y = rows
    forest = RandomForestClassifier()
    for options, message in (
        ({"folds": 1}, "folds is 1"),
        ({"units": -1}, "units is -1"),
        ({"decoding": "best"}, "decoding is 'best', expected one of 'auto', 'refined'"),
    ):
        with pytest.raises(ValueError, match=message):
            alen_tf.CrossFittedClassifier(forest, **options).fit(x, y)
    with pytest.raises(ValueError, match="has no predict_proba"):
        alen_tf.CrossFittedClassifier(alen_tf).fit(x, y)
    with pytest.raises(ValueError, match="Unknown label type"):
        alen_tf.CrossFittedClassifier(forest).fit(x, 2 * y)
