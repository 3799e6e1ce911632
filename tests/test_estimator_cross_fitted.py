"""The estimator on classifiers that it cross-fits."""

import functools
import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, log_loss
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from alen_tf import ALENClassifier
from alen_tf.cross_fitting import defaults, network, refined
from alen_tf.inference.ascent import GradientAscent
from alen_tf.models.masked_likelihood import MaskedLikelihood
from alen_tf.networks.mlp import MLP


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
        patch.setattr(refined, "STEPS", (200, 400))
        return ALENClassifier(estimator=forest, random_state=0).fit(x[:300], y[:300])


@pytest.fixture
def quick(monkeypatch):
    """Energies and networks in few steps, of ascents of one, which compile in a third of the
    time: for what does not depend on how well they learn."""
    step = GradientAscent(1, 0.5, active_set=True)
    made = functools.partial(MaskedLikelihood, prediction=step)
    monkeypatch.setattr(refined, "MaskedLikelihood", made)
    monkeypatch.setattr(refined, "STEPS", (20, 40))
    monkeypatch.setattr(network, "STEPS", (20, 40))


def f1(found, y):
    return f1_score(y, found, average="samples", zero_division=1.0)


def log_loss_per_row(p, y):
    return sum(log_loss(y[:, label], p[:, label]) for label in range(y.shape[1]))


def test_the_decoding_that_held_out_rows_prefer_beats_the_plain_threshold(fitted, rows):
    x, y = rows
    scores = fitted.decoding_scores_
    assert max(scores.values()) - scores[fitted.decoding_] < 0.02
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
def test_a_decoding_may_be_asked_for(rows, decoding, quick):
    x, y = rows
    y = y.copy()
    y[::5] = 0  # rows without any label
    words = OneVsRestClassifier(LogisticRegression())
    model = ALENClassifier(estimator=words, decoding=decoding, random_state=1)
    found = model.fit(x[:200], y[:200]).predict(x[200:])
    assert model.decoding_ == decoding
    assert found.shape == (200, 8)
    assert set(np.unique(found)) <= {0, 1}
    confidence = model.confidence(x[200:])
    assert np.all((confidence >= 0) & (confidence <= 1))


def test_known_labels_are_kept_and_inform_the_decoding(fitted, rows):
    x, y = rows[0][300:], rows[1][300:]
    known = np.where(np.arange(8) % 2 == 0, y, np.nan)
    found = fitted.predict(x, known=known)
    np.testing.assert_array_equal(found[:, ::2], y[:, ::2])
    assert np.any(found[:, 1::2] != fitted.predict(x)[:, 1::2])
    for values in (fitted.predict_proba(x, known=known), fitted.refine(x, known=known)):
        np.testing.assert_array_equal(values[:, ::2], y[:, ::2])
    true = np.mean(fitted.confidence(x, known=known))
    assert true > np.mean(fitted.confidence(x)) + 0.05
    with pytest.raises(ValueError, match="known: known labels of shape 100x2, expected 100x8"):
        fitted.predict(x, known=known[:, :2])


def test_the_label_to_ask_for_next(fitted, rows):
    x, known = rows[0][300:310], np.full((10, 8), np.nan)
    known[:, 3] = 1
    gains = fitted.suggest(x, known, candidates=4)
    assert np.all(np.isnan(gains[:, 3]))
    assert np.all(np.count_nonzero(~np.isnan(gains), axis=1) == 4)
    with pytest.raises(ValueError, match="candidates is 0"):
        fitted.suggest(x, candidates=0)


def test_thresholds_and_top_labels(fitted, rows):
    x = rows[0][300:]
    marginals = fitted.predict_proba(x)
    thresholds = np.linspace(0.1, 0.5, 8)
    np.testing.assert_array_equal(fitted.predict(x, threshold=0.3), marginals >= 0.3)
    np.testing.assert_array_equal(fitted.predict(x, threshold=thresholds), marginals >= thresholds)
    top = fitted.predict(x, top=2)
    assert np.all(top.sum(axis=1) == 2)
    assert np.all(np.where(top, marginals, 1.0).min(1) >= np.where(top, 0.0, marginals).max(1))
    for options, message in (
        ({"top": 0}, "top is 0, expected a whole number of at least 1"),
        ({"top": 9}, "top is 9, but there are 8 labels"),
        ({"threshold": [0.1, 0.2]}, r"threshold has shape \(2,\), expected one number or 8"),
        ({"threshold": 0.5, "top": 1}, "a threshold or top, not both"),
    ):
        with pytest.raises(ValueError, match=message):
            fitted.predict(x, **options)


def test_classifiers_are_stacked(rows, quick, monkeypatch):
    monkeypatch.setattr(network, "STEPS", (200, 400))
    x, y = rows
    classifiers = [
        RandomForestClassifier(30, random_state=0),
        RandomForestClassifier(1, max_depth=1, random_state=0),
        MLP(hidden_units=16),
    ]
    model = ALENClassifier(estimator=classifiers, random_state=0).fit(x[:300], y[:300])
    losses = dict(model.classifier_losses_)
    assert list(losses) == ["RandomForestClassifier 1", "RandomForestClassifier 2", "MLP", "stack"]
    assert losses["stack"] == pytest.approx(log_loss_per_row(model.marginals_, y[:300]), rel=1e-4)
    assert losses.pop("stack") < min(losses.values())
    alone = ALENClassifier(estimator=classifiers[0], random_state=0).fit(x[:300], y[:300])
    assert alone.classifier_losses_["RandomForestClassifier"] == losses["RandomForestClassifier 1"]
    assert alone.classifier_losses_["stack"] == losses["RandomForestClassifier 1"]
    assert model.score(x[300:], y[300:]) > 0.3


def test_a_classifier_that_knows_nothing_does_not_spoil_the_stack(rows, quick):
    x, y = rows[0][:80], rows[1][:80]
    noise = DummyClassifier(strategy="stratified", random_state=0)
    words = OneVsRestClassifier(LogisticRegression(C=0.1))
    model = ALENClassifier(estimator=[noise, words], random_state=0).fit(x, y)
    alone = ALENClassifier(estimator=words, random_state=0).fit(x, y)
    losses = model.classifier_losses_
    assert losses["DummyClassifier"] > 1.2 * losses["OneVsRestClassifier"]
    assert losses["stack"] < 1.02 * alone.classifier_losses_["stack"]


@pytest.mark.slow
def test_sparse_rows_are_the_same_rows(rows, quick, monkeypatch):
    """By default, without the network, whose order of sums is another one."""
    monkeypatch.setattr(defaults, "STORED", 0)
    x, y = rows[0][:120], rows[1][:120]
    dense = ALENClassifier(random_state=0).fit(x, y)
    found = ALENClassifier(random_state=0).fit(sparse.csr_array(x), sparse.csr_array(y))
    assert set(dense.classifier_losses_) == {"linear", "trees", "forest", "stack"}
    np.testing.assert_allclose(
        found.predict_proba(sparse.coo_matrix(x)), dense.predict_proba(x), atol=1e-4
    )


def test_sparse_measurements_are_scaled_without_filling_them_up(random):
    x = random.randn(40, 5) * (random.rand(40, 5) < 0.9)
    y = np.uint8(x[:, :2] > 0)
    made = defaults.classifiers(sparse.csr_array(x), y, seed=0)
    p = made["linear"].fit(sparse.csr_array(x), y).predict_proba(sparse.csr_array(x))
    assert np.mean((p >= 0.5) == y) > 0.9


def test_rows_without_names_or_numbers_reach_the_estimator(rows, quick):
    """Such as texts for a pipeline."""
    x, y = rows
    texts = [" ".join(f"word{i}" for i in np.flatnonzero(row)) for row in x[:80]]
    words = make_pipeline(CountVectorizer(), OneVsRestClassifier(LogisticRegression()))
    model = ALENClassifier(estimator=words, random_state=0).fit(texts, y[:80])
    assert model.predict(texts[:5]).shape == (5, 8)


@pytest.mark.parametrize("count", [4, pytest.param(30, marks=pytest.mark.slow)])
def test_few_rows(rows, count, quick):
    x, y = rows[0][:count], rows[1][:count].copy()
    y[:, 0] = 0  # a label that no row has
    with pytest.warns(UserWarning, match="no row has the label '0'"):
        model = ALENClassifier(random_state=0).fit(x, y)
    assert not model.predict(x)[:, 0].any()


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(20, min_samples_leaf=2, random_state=0),
        OneVsRestClassifier(make_pipeline(StandardScaler(), LogisticRegression())),
        MLP(hidden_units=16),
        "auto",
    ],
)
def test_rows_weigh_as_much_as_they_are_told(random, estimator, quick, monkeypatch):
    """The share of rows with a label is all that there is to learn."""
    monkeypatch.setattr(network, "STEPS", (200, 200))
    x, heavy = random.randn(240, 4), np.arange(240) % 2
    y = np.uint8(random.rand(240, 3) < np.where(heavy, 0.8, 0.1)[:, None])
    model = ALENClassifier(estimator=estimator, decoding="threshold", random_state=0)
    model.fit(x, y, sample_weight=np.where(heavy, 9.0, 1.0))
    assert model.predict_proba(random.randn(200, 4)).mean() == pytest.approx(0.73, abs=0.1)


def test_verbosity(rows, quick, capsys):
    words = OneVsRestClassifier(LogisticRegression())
    model = ALENClassifier(estimator=words, random_state=0, verbose=True)
    model.fit(rows[0][:80], rows[1][:80])
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        *(f"{k}: out-of-fold cross entropy {v:.4f}" for k, v in model.classifier_losses_.items()),
        *(f"decoding {k}: F1 {v:.4f} on held-out rows" for k, v in model.decoding_scores_.items()),
    ]
    model.set_params(estimator=None, epochs=1, hidden_units=4, verbose=0).fit(*rows)
    assert not hasattr(model, "decoding_")  # of the fit before
    assert capsys.readouterr().out == ""


def test_classifiers_without_weights_are_named(rows, quick):
    x, y = rows
    weight = np.arange(len(y))
    for classifier in (
        KNeighborsClassifier(),
        make_pipeline(StandardScaler(), KNeighborsClassifier()),
    ):
        model = ALENClassifier(estimator=classifier, random_state=0)
        with pytest.raises(ValueError, match="accepts no weights; leave out sample_weight"):
            model.fit(x, y, sample_weight=weight)
        model.fit(x, y, sample_weight=np.full(len(y), 2.0))  # weighs nothing


@pytest.mark.slow
def test_missing_labels(rows, fitted, monkeypatch):
    """A fourth of the labels is missing, and little is lost; dropping the rows would leave 30."""
    monkeypatch.setattr(refined, "STEPS", (200, 400))
    x, y = rows
    gaps = np.where(np.random.RandomState(0).rand(300, 8) < 0.25, np.nan, y[:300])
    complete = ~np.isnan(gaps).any(axis=1)
    few = clone(fitted).fit(x[:300][complete], y[:300][complete]).score(x[300:], y[300:])
    score = clone(fitted).fit(x[:300], gaps).score(x[300:], y[300:])
    assert few + 0.05 < score
    assert score > fitted.score(x[300:], y[300:]) - 0.05


def test_networks_do_not_see_missing_labels(rows, quick):
    x, y = rows
    gaps = np.float32(y[:100])
    gaps[::2, 1], gaps[5] = np.nan, np.nan
    model = ALENClassifier(estimator=MLP(hidden_units=16), random_state=0).fit(x[:100], gaps)
    assert np.isfinite(model.predict_proba(x[300:])).all()
    gaps[:, 2] = np.nan
    with pytest.raises(ValueError, match="the label '2' is missing in every row: leave it out"):
        model.fit(x[:100], gaps)


def test_pickles_predict_the_same(fitted, rows):
    loaded = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(loaded.predict(rows[0][300:]), fitted.predict(rows[0][300:]))
    np.testing.assert_array_equal(
        loaded.confidence(rows[0][300:]), fitted.confidence(rows[0][300:])
    )


def test_mistakes_are_named(rows, fitted):
    x, y = rows
    forest = RandomForestClassifier()
    for options, message in (
        ({"folds": 1}, "folds is 1"),
        (
            {"decoding": "best"},
            "decoding 'best' is unknown; expected one of auto, expected_f1, refined",
        ),
        ({"estimator": "forest"}, "estimator 'forest' is unknown; expected one of auto"),
        ({"estimator": []}, "estimator is an empty list"),
        ({"estimator": np}, "module has no predict_proba"),
    ):
        with pytest.raises(ValueError, match=message):
            ALENClassifier(**{"estimator": forest} | options).fit(x, y)
    with pytest.raises(ValueError, match="expected 0 or 1"):
        ALENClassifier(estimator=forest).fit(x, 2 * y)
    with pytest.raises(ValueError, match="3 rows are too few for folds"):
        ALENClassifier(estimator=forest).fit(x[:3], np.ones((3, 8)))
    with pytest.raises(ValueError, match=r"is NaN, expected a finite 32-bit number"):
        ALENClassifier().fit(np.where(x > 2, np.nan, x), y)
    with pytest.raises(ValueError, match="explain needs joint training"):
        fitted.explain(x)
