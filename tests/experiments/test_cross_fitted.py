"""The cross-fitted estimator beside plain classifiers."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from alen_tf.cross_fitting.out_of_fold import fold_of_rows
from experiments import cross_fitted


def test_a_rival_is_the_best_of_its_settings_at_its_own_threshold(random):
    x = random.randn(300, 4)
    y = np.uint8(x[:, :3] + 0.3 * random.randn(300, 3) > 1.0)
    good = OneVsRestClassifier(LogisticRegression())
    bad = DummyClassifier(strategy="prior")
    fold = fold_of_rows(y[:200])
    both, p = cross_fitted.measure_rival([bad, good], x[:200], y[:200], x[200:], fold, 0)
    alone, _ = cross_fitted.measure_rival([good], x[:200], y[:200], x[200:], fold, 0)
    for decoding in cross_fitted.DECODINGS:
        np.testing.assert_array_equal(both[decoding], alone[decoding])
    fitted = good.fit(x[:200], y[:200]).predict_proba(x[200:])
    for label in range(3):  # Platt's scaling keeps the order
        order = np.argsort(fitted[:, label])
        assert np.all(np.diff(p[order, label]) >= 0)
    thresholds = [
        t for t in np.linspace(0, 1, 201) if np.array_equal(both["threshold"], fitted >= t)
    ]
    assert thresholds


def test_a_line_of_the_table():
    judged = {"mean": 0.7, "ece": 0.02}
    found = {
        "set": "emotions",
        "seeds": [0, 1],
        "f1": {
            "ALEN": [0.70, 0.72],
            "its g, threshold": [0.66, 0.66],
            "its g, expected F1": [0.69, 0.69],
            "forest, threshold": [0.68, 0.68],
            "forest, expected F1": [0.70, 0.70],
            "regression, threshold": [0.69, 0.69],
            "regression, expected F1": [0.60, 0.60],
        },
        "difference_95": {
            "forest, expected F1": [-0.01, 0.03],
            "regression, threshold": [0.0, 0.04],
        },
        "ours": [{"confidence": {"ours": judged}}] * 2,
    }
    assert cross_fitted._line(found) == [
        "emotions, 2",
        "71.00 ± 1.41",
        "66.00 ± 0.00",
        "69.00 ± 0.00",
        "69.00 (regression)",
        "70.00 (forest)",
        "+2.00 [+0.0, +4.0], +1.00 [-1.0, +3.0]",
        "70.0 / 71.0",
        "2.0",
    ]


@pytest.mark.real_data
def test_small_sets_are_parts_of_bibtex(manual_dir, monkeypatch, tmp_path):
    from absl import flags

    if not flags.FLAGS.is_parsed():
        flags.FLAGS(["test"])
    monkeypatch.setattr(flags.FLAGS["manual_dir"], "value", str(manual_dir))
    monkeypatch.setattr(flags.FLAGS["data_dir"], "value", str(tmp_path))
    x, y, test_x, test_y = cross_fitted.load("bibtex_300")
    assert (x.shape, y.shape) == ((300, 1836), (300, 159))
    assert (test_x.shape[0], len(test_y)) == (2515, 2515)


def test_an_interval_is_that_of_the_mean_of_paired_differences(random):
    differences = random.randn(2000) * 0.4 + 0.1
    low, high = cross_fitted.interval(differences)
    error = differences.std() / np.sqrt(len(differences))
    expected = differences.mean() + error * np.array([-1.96, 1.96])
    np.testing.assert_allclose([low, high], expected, atol=0.003)


def test_equal_rows_differ_by_nothing():
    assert cross_fitted.interval(np.zeros(5)) == [0.0, 0.0]


def test_a_line_without_rivals():
    f1 = {"ALEN": [0.5], "its g, threshold": [0.45], "its g, expected F1": [0.5]}
    judged = {"mean": 0.5, "ece": 0.01}
    found = {"set": "bibtex_networks", "seeds": [0], "f1": f1, "difference_95": {}}
    line = cross_fitted._line(found | {"ours": [{"confidence": {"ours": judged}}]})
    assert line[4:7] == ["", "", ""]
    assert len(line) == 9


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_an_ensemble_is_a_mean_of_members_of_different_seeds(random):
    x = random.randn(60, 4)
    y = np.uint8(x[:, :3] > 0.5)
    first, again, second = (cross_fitted.ensemble(x, y, x, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert first.shape == y.shape
    assert not np.array_equal(first, second)
    members = [
        cross_fitted.rivals(x, y, seed)["MLPClassifier"][-1].fit(x, y).predict_proba(x)
        for seed in range(cross_fitted.ENSEMBLE)
    ]
    np.testing.assert_allclose(first, np.mean(members, axis=0))


def test_seals_split_has_six_and_two_of_ten_stratified_folds(random):
    x, y = np.arange(500)[:, None], np.uint8(random.rand(500, 3) < [0.5, 0.2, 0.05])
    train, _, test, test_y = cross_fitted.seal(x, y)
    assert (len(train), len(test)) == (pytest.approx(300, abs=10), pytest.approx(100, abs=10))
    assert not np.intersect1d(train, test).size
    np.testing.assert_allclose(test_y.mean(axis=0), y.mean(axis=0), atol=0.02)
