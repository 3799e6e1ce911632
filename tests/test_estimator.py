"""The scikit-learn estimator, on a problem whose labels depend on one another."""

import pickle
import random as python_random
import subprocess
import sys

import joblib
import keras
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MultiLabelBinarizer, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from alen_tf import ALENClassifier, sparse_rows
from alen_tf.networks.mlp import MLP
from alen_tf.training.loop import Loop
from tests.commands import ENVIRONMENT

SMALL = {
    "estimator": None,
    "epochs": 2,
    "hidden_units": 8,
    "energy_hidden_units": 8,
    "steps": 1,
    "random_state": 0,
}


class Frame:
    """As much of a data frame as the estimator needs."""

    def __init__(self, columns, values):
        self.columns = columns
        self._values = values

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self._values, dtype)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(240, 5))
    y = np.stack([x[:, 0] > 0, x[:, 1] > 0, (x[:, 0] > 0) & (x[:, 1] > 0)], axis=1)
    return x, y.astype(int)


@pytest.fixture(scope="module")
def fitted(data):
    larger = {"epochs": 40, "hidden_units": 32, "energy_hidden_units": 32, "batch_size": 10}
    return ALENClassifier(**SMALL | larger).fit(*data)


def test_learns(fitted, data):
    x, y = data
    predicted = fitted.predict(x)
    assert predicted.shape == y.shape
    assert set(np.unique(predicted)) <= {0, 1}
    assert fitted.score(x, y) > 0.8
    expected = f1_score(y, predicted, average="samples", zero_division=1.0)
    assert fitted.score(x, y) == pytest.approx(expected)
    np.testing.assert_array_equal(predicted, fitted.predict_proba(x) >= fitted.threshold_)
    confidence = fitted.confidence(x)
    assert np.all((confidence > 0) & (confidence < 1))
    assert is_classifier(fitted)


def test_importing_the_package_does_not_import_tensorflow():
    code = "import sys, alen_tf; assert 'tensorflow' not in sys.modules; alen_tf.ALENClassifier"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


FITS = """
import numpy as np
from alen_tf import ALENClassifier
from alen_tf.cross_fitting import network, refined
network.STEPS = refined.STEPS = (20, 40)
x = np.random.default_rng(0).normal(size=(90, 4))
y = (x[:, :3] > 0).astype(int)
known = np.where(x[:, :3] > 1, 1.0, np.nan)
for options in ({"estimator": None, "epochs": 2}, {}, {"estimator": None, "epochs": 3}):
    model = ALENClassifier(**options, hidden_units=4, random_state=0).fit(x, y)
    for rows in (x, x[:7], x[:1]):
        model.predict(rows)
        model.predict_proba(rows, known=known[: len(rows)])
        model.score(rows, y[: len(rows)])
"""


@pytest.mark.slow
@pytest.mark.slow
def test_fitting_many_models_warns_of_nothing():
    """Such as of functions that are traced again and again, as TensorFlow does by default."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FITS], env=ENVIRONMENT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == ("", "")


def test_sparse_rows_are_the_same_rows(data):
    x, y = data
    dense = ALENClassifier(**SMALL).fit(x, y)
    for kind in (sparse.csr_matrix, sparse.coo_array):
        found = ALENClassifier(**SMALL).fit(kind(x), kind(y))
        np.testing.assert_array_equal(found.predict_proba(kind(x)), dense.predict_proba(x))
        assert found.score(kind(x), kind(y)) == dense.score(x, y)


def test_clones_fit_alike_and_leave_random_generators_alone(fitted, data):
    np.random.seed(5)
    python_random.seed(5)
    expected = np.random.rand(), python_random.random()
    np.random.seed(5)
    python_random.seed(5)
    again = clone(fitted).fit(*data)
    assert (np.random.rand(), python_random.random()) == expected
    np.testing.assert_array_equal(again.predict_proba(data[0]), fitted.predict_proba(data[0]))


def test_pickles_predict_alike(fitted, data, tmp_path):
    copies = [pickle.loads(pickle.dumps(fitted))]
    joblib.dump(fitted, tmp_path / "model.joblib")
    copies.append(joblib.load(tmp_path / "model.joblib"))
    copies.append(pickle.loads(pickle.dumps(copies[0])))  # before it was ever used
    for copy in copies:
        assert copy.set_params(hidden_units=99).get_params()["hidden_units"] == 99
        np.testing.assert_array_equal(copy.predict_proba(data[0]), fitted.predict_proba(data[0]))


def test_pipeline_and_grid_search(data):
    pipeline = make_pipeline(StandardScaler(), ALENClassifier(**SMALL))
    search = GridSearchCV(pipeline, {"alenclassifier__steps": [0, 1]}, cv=2).fit(*data)
    assert 0.0 < search.best_score_ <= 1.0
    assert search.predict(data[0]).shape == data[1].shape


WORDS = np.array(["both", "sea", "sun"], object)


@pytest.mark.parametrize(
    "given",
    [
        lambda y: [set(WORDS[row == 1]) for row in y],
        lambda y: [list(WORDS[row == 1]) for row in y],
        lambda y: pd.Series([tuple(WORDS[row == 1]) for row in y]),
        lambda y: pd.DataFrame(y, columns=WORDS),
    ],
)
def test_labels_have_the_names_that_y_gives_them(data, given):
    x, y = data
    model = ALENClassifier(**SMALL).fit(x, given(y))
    plain = ALENClassifier(**SMALL).fit(x, y)
    assert list(model.classes_) == list(model.label_names_) == list(WORDS)
    np.testing.assert_array_equal(plain.classes_, np.arange(3))
    np.testing.assert_array_equal(model.predict(x), plain.predict(x))
    binarizer = MultiLabelBinarizer(classes=WORDS).fit([])
    assert model.label_sets(x, top=2) == binarizer.inverse_transform(model.predict(x, top=2))
    assert model.score(x, given(y)) == plain.score(x, y)


def test_labels_may_be_numbers_and_rows_to_score_have_others(fitted, data):
    x, y = data
    numbers = np.array([3, 5, 40])
    model = ALENClassifier(**SMALL).fit(x, [set(numbers[row == 1]) for row in y])
    np.testing.assert_array_equal(model.classes_, numbers)
    rows = [{3, 40}, {7}, set()]
    truth = np.array([[1, 0, 0, 1], [0, 0, 1, 0], [0, 0, 0, 0]])  # of 3, 5, 7, 40
    predicted = np.insert(model.predict(x[:3]), 2, 0, axis=1)
    expected = f1_score(truth, predicted, average="samples", zero_division=1.0)
    assert model.score(x[:3], rows) == pytest.approx(expected)
    nothing = f1_score(truth[2:], predicted[2:], average="samples", zero_division=1.0)
    assert model.score(x[2:3], [[]]) == nothing


def test_a_label_that_no_row_has_is_a_warning(data):
    x, y = data
    sea = Frame(["sun", "sea", "both"], y * [1, 0, 1])
    with pytest.warns(UserWarning, match="no row has the label 'sea'") as caught:
        model = ALENClassifier(**SMALL).fit(x, sea)
    assert caught[0].filename == __file__
    assert not model.predict_proba(x)[:, 1].any()
    assert model.predict_proba(x)[:, 0].any()
    known = np.tile([np.nan, np.nan, 1], (len(x), 1))
    np.testing.assert_array_equal(model.predict_proba(x, known=known)[:, 1:], [[0, 1]] * len(x))
    known[:, 1] = 1
    assert model.predict(x, known=known)[:, 1].all()
    with pytest.warns(UserWarning, match="no row has the label '0', '1', '2'"):
        ALENClassifier(**SMALL).fit(x, y * 0)


def test_early_stopping_and_verbosity(data, capsys):
    eager = SMALL | {"epochs": 30, "early_stopping": True, "patience": 2, "verbose": 1}
    model = ALENClassifier(**eager).fit(*data)
    scores = model.validation_scores_
    assert len(scores) == model.n_iter_ <= 30
    assert model.n_iter_ == 30 or np.argmax(scores) == len(scores) - 3
    assert len(capsys.readouterr().out.splitlines()) == model.n_iter_
    ALENClassifier(**SMALL, verbose=True).fit(*data)
    assert [line[:9] for line in capsys.readouterr().out.splitlines()] == ["epoch 1/2", "epoch 2/2"]


def test_a_warm_start_begins_at_the_weights_of_the_last_fit(data):
    # Without steps of any size, what is fitted is where it began.
    still = SMALL | {"learning_rate": 0.0, "energy_learning_rate": 0.0, "warm_start": True}
    model = ALENClassifier(**SMALL).fit(*data)
    before = model.refine(data[0])
    model.set_params(**still, l2=0.0, energy_l2=0.0).fit(*data)
    np.testing.assert_allclose(model.refine(data[0]), before, atol=1e-6)
    with pytest.raises(ValueError, match="warm_start: features, labels or sizes of networks"):
        model.fit(data[0][:, :-1], data[1])
    with pytest.raises(ValueError, match="warm_start needs joint training"):
        ALENClassifier(warm_start=True).fit(*data)


def test_known_labels_are_kept_and_inform_the_others(fitted, data):
    x, y = data
    known = np.full(y.shape, np.nan)
    known[:, 2] = y[:, 2]
    found = fitted.predict_proba(x, known=known)
    np.testing.assert_array_equal(found[:, 2], y[:, 2])
    np.testing.assert_array_equal(fitted.predict(x, known=known)[:, 2], y[:, 2])
    assert np.any(found[:, :2] != fitted.predict_proba(x)[:, :2])
    nothing = np.full(y.shape, np.nan)
    np.testing.assert_allclose(fitted.predict_proba(x, known=nothing), fitted.predict_proba(x))


def test_known_labels_by_name(fitted, data):
    x, y = data
    known = np.full(y.shape, np.nan)
    known[:, 1] = y[:, 1]
    found = fitted.predict_proba(x, known=Frame(["1"], y[:, 1:2]))
    np.testing.assert_array_equal(found, fitted.predict_proba(x, known=known))
    with pytest.raises(ValueError, match="known: the model has no label 'moon'"):
        fitted.predict(x, known=Frame(["moon"], y[:, :1]))


def test_explanation(fitted, data):
    x = data[0][:3].astype(np.float32)
    model = fitted._model.trained

    def score(row, y):
        inputs = model.model.prepare(row[None]), np.float32(y)[None]
        return float(model.model.energy(inputs)[0])

    for row, found in zip(x, fitted.explain(x), strict=True):
        y = found.labels
        np.testing.assert_array_equal(y, fitted.predict(row[None])[0])

        def with_labels(y=y, row=row, **values):
            y = y.copy()
            for label, value in values.items():
                y[int(label[1:])] = value
            return score(row, y)

        for i in range(3):
            difference = with_labels(**{f"l{i}": 1}) - with_labels(**{f"l{i}": 0})
            assert found.local[i] + found.context[i] == pytest.approx(difference, abs=1e-4)
            for j in set(range(3)) - {i}:
                mixed = sum(
                    (1 if a == b else -1) * with_labels(**{f"l{i}": a, f"l{j}": b})
                    for a in (0, 1)
                    for b in (0, 1)
                )
                assert found.pull[i, j] == pytest.approx(mixed, abs=1e-4)
        pairs = found.pairs(2)
        assert len(pairs) == 2
        assert pairs[0][2] >= pairs[1][2]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, y: (x, y * 2), r"Y\[\d+, \d+\] is 2, expected 0 or 1"),
        (lambda x, y: (x, y[:, 0]), "expected a binary indicator matrix"),
        (lambda x, y: (x, y[:, :0]), "expected a binary indicator matrix"),
        (lambda x, y: (x, y[:5]), "inconsistent numbers of samples"),
        (lambda x, y: (x, y[:0]), r"\[240, 0\]"),
        (lambda x, y: (x[:0], y[:0]), r"0 sample\(s\)"),
        (lambda x, y: (np.where(x > 2, np.nan, x), y), r"X\[\d+, \d\] is NaN, expected"),
        (lambda x, y: (np.where(x > 2, np.inf, x), y), r"X\[\d+, \d\] is infinity, expected"),
        (lambda x, y: (x, [[0, 1, 1], [1]] * 120), "row 0 has a label twice"),
        (lambda x, y: (x, ["sun", "sea"] * 120), r"list of label sets, such as \[\{'a', 'b'\}"),
        (lambda x, y: (x, [{"sun"}, "sea"] * 120), "row 1 is 'sea', expected a set of labels"),
        (lambda x, y: (x, [{"sun"}, {None}] * 120), "row 1 has the label None"),
        (lambda x, y: (x, [{"sun"}, {1}] * 120), "some labels are text and some are numbers"),
        (lambda x, y: (x, [set(), []] * 120), "no row has a label"),
        (lambda x, y: (x, [{"sun"}]), "inconsistent numbers of samples"),
        (lambda x, y: (x[:1], np.ones((1, 3))), "1 sample"),
    ],
)
def test_wrong_data_is_named(data, change, message):
    with pytest.raises(ValueError, match=message):
        ALENClassifier(**SMALL).fit(*change(*data))


@pytest.mark.parametrize(
    "settings",
    [
        {"epochs": 0},
        {"batch_size": 0},
        {"validation_fraction": -0.1},
        {"select_after": 2.0},
        {"patience": 0},
        {"steps": 2.5},
        {"step_size": -1.0},
        {"learning_rate": -1.0},
        {"l2": -1.0},
        {"dropout": 1.5},
        {"beta_v": -1.0},
        {"hidden_units": 0},
        {"random_state": -1},
        {"random_state": 2**31},
        {"random_state": "dice"},
    ],
)
def test_settings_out_of_range_are_named(data, settings):
    ((name, value),) = settings.items()
    with pytest.raises(ValueError, match=f"{name} is {value!r}, expected a"):
        ALENClassifier(**SMALL | settings).fit(*data)


def test_arguments_have_scikit_learns_names(data):
    x, y = data
    short = SMALL | {"epochs": 1}
    assert 0 <= ALENClassifier(**short).fit(X=x, y=y).score(X=x, y=y) <= 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_a_fit_that_fails_keeps_the_model(data, monkeypatch, error):
    x, y = data
    model = ALENClassifier(**SMALL | {"epochs": 1}).fit(x, Frame(["sun", "sea", "both"], y))
    expected = model.predict_proba(x)

    def check():
        np.testing.assert_array_equal(model.predict_proba(x), expected)
        assert model.label_names_ == ("sun", "sea", "both")
        assert (model.n_features_in_, model.n_iter_) == (5, 1)

    with pytest.raises(ValueError, match="expected 0 or 1"):
        model.fit(x[:, :2], y * 2)
    check()

    def stopped(*arguments):
        raise error

    monkeypatch.setattr(Loop, "epoch", stopped)
    model.set_params(epochs=7, hidden_units=3)
    for estimator in (None, MLP()):
        with pytest.raises(error):
            model.set_params(estimator=estimator).fit(x[:, :2], y[:, :2])
        check()
    assert model.epochs == 7  # parameters are the user's


def own_energy(features, labels):
    x, y = keras.Input((features,)), keras.Input((labels,))
    return keras.Model([x, y], keras.layers.Dot(axes=1)([keras.layers.Dense(labels)(x), y]))


def own_inference_network(features, labels):
    return keras.Sequential([keras.Input((features,)), keras.layers.Dense(labels)])


OWN = SMALL | {"energy": own_energy, "inference_network": own_inference_network}


def test_rows_weigh_as_much_as_they_are_told(data):
    """Of rows with the same x and opposite labels the heavier ones are learned."""
    x, y = data[0][:60], data[1][:60]
    settings = SMALL | {"epochs": 60, "learning_rate": 0.05, "steps": 0}
    for light, heavy in ((y, 1 - y), (1 - y, y)):
        model = ALENClassifier(**settings)
        model.fit(np.tile(x, (2, 1)), np.concatenate([light, heavy]), np.repeat([1.0, 9.0], 60))
        far = np.abs(model.predict_proba(x) - heavy).mean()  # of the light labels 1 - far
        assert far < 0.4


@pytest.mark.slow
def test_only_proportions_of_weights_matter(data):
    x, y = data
    plain = ALENClassifier(**SMALL).fit(x, y).predict_proba(x)
    same = ALENClassifier(**SMALL).fit(x, y, np.full(len(x), 7)).predict_proba(x)
    np.testing.assert_array_equal(same, plain)
    weight = np.r_[np.zeros(40), np.ones(200)]
    few = ALENClassifier(**SMALL).fit(x, y, weight).predict_proba(x)
    np.testing.assert_array_equal(few, ALENClassifier(**SMALL).fit(x[40:], y[40:]).predict_proba(x))
    weight = np.linspace(1, 2, len(x))
    found, doubled = (
        ALENClassifier(**SMALL).fit(x, y, k * weight).predict_proba(x) for k in (1, 2)
    )
    np.testing.assert_array_equal(found, doubled)
    assert np.any(found != plain)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda weight: weight[:5], r"sample_weight has shape \(5,\), expected \(240,\)"),
        (lambda weight: -weight, r"sample_weight\[0\] is -1.0, expected a finite number >= 0"),
        (lambda weight: weight * np.nan, r"sample_weight\[0\] is nan"),
        (lambda weight: weight * 0, "sample_weight is zero for all rows"),
        (lambda weight: ["heavy"] * 240, "sample_weight: expected a number for each row"),
    ],
)
def test_wrong_weights_are_named(data, change, message):
    with pytest.raises(ValueError, match=message):
        ALENClassifier(**SMALL).fit(*data, sample_weight=change(np.ones(240)))


def test_own_networks(data):
    x, y = data
    model = ALENClassifier(**OWN | {"epochs": 10, "learning_rate": 0.05}).fit(x, y)
    assert model._model.trained.model.energy.count_params() == 5 * 3 + 3
    assert model._model.trained.model.inference_network.count_params() == 5 * 3 + 3
    assert model.score(x, y) > 0.5
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict_proba(x), model.predict_proba(x))
    np.testing.assert_array_equal(copy.confidence(x), model.confidence(x))
    again = clone(model).fit(x, y)  # networks of its own
    np.testing.assert_array_equal(again.predict_proba(x), model.predict_proba(x))
    with pytest.raises(ValueError, match="needs the terms of an MLPEnergy, but the energy is Fun"):
        model.explain(x)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"energy": own_energy(5, 3)}, "energy is <.*>, expected a function of .features, labels."),
        ({"inference_network": "MLP"}, "inference_network is 'MLP', expected a function of"),
        ({"energy": lambda features, labels: 1}, "energy is int, not a keras.Model"),
        (
            {"inference_network": lambda features, labels: own_inference_network(features, 2)},
            r"inference_network gives shape \[batch, 2\], but outputs have shape \[batch, 3\]",
        ),
        (
            {"energy": own_energy, "estimator": MLP()},
            "energy is for joint training: set estimator=",
        ),
    ],
)
def test_own_networks_that_are_none_are_named(data, settings, message):
    with pytest.raises(ValueError, match=message) as error:
        ALENClassifier(**SMALL | settings).fit(*data)
    assert "\n" not in str(error.value)


def test_wrong_rows_and_known_labels_are_named(fitted, data):
    x, y = data
    with pytest.raises(ValueError, match="4 features, but ALENClassifier is expecting 5"):
        fitted.predict(x[:, :4])
    with pytest.raises(ValueError, match="known: known labels of shape 240x2, expected 240x3"):
        fitted.predict(x, known=y[:, :2])
    with pytest.raises(ValueError, match=r"known: row 1, label '0': 0\.5 is not 0, 1 or unknown"):
        fitted.predict(x, known=np.full(y.shape, 0.5))
    with pytest.raises(ValueError, match="known: expected 0, 1 and NaN for unknown"):
        fitted.predict(x, known=np.full(y.shape, "sun"))
    with pytest.raises(ValueError, match="known: expected 0, 1 and NaN for unknown"):
        fitted.predict(x, known=sparse.csr_matrix(y))
    with pytest.raises(ValueError, match="Y has shape"):
        fitted.score(x, y[:, :2])


def test_rows_may_have_no_label(data):
    x, y = data
    y = np.where(x[:, 4:] > 0.5, 0, y)
    assert not y.any(axis=1).all()
    model = ALENClassifier(**SMALL).fit(x, y)
    assert model.predict(x).shape == y.shape
    nothing = x[~y.any(axis=1)]
    expected = np.mean(~model.predict(nothing).any(axis=1))  # two empty sets agree: F1 is 1
    assert model.score(nothing, np.zeros((len(nothing), 3), int)) == pytest.approx(expected)


BINARY = "gives y with other classes than 0 and 1, and Y is a binary indicator matrix"
DRAWN = "wants a weight of 2 to be a row given twice, which is held out and drawn as two rows"
TUNED = "expects labels from 0.5 on and no output of exactly 0 or 1, as projection gives them"
FAILS = {
    "check_methods_sample_order_invariance": "wants 1e-9, and float32 rounds by a row's place",
    "check_estimators_dtypes": BINARY,
    "check_estimator_sparse_array": BINARY,
    "check_estimator_sparse_matrix": BINARY,
    "check_classifier_data_not_an_array": BINARY,
    "check_classifiers_classes": BINARY,
    "check_classifiers_train": BINARY,
    "check_fit2d_1feature": BINARY,
    "check_sample_weights_pandas_series": BINARY,
    "check_sample_weights_not_an_array": BINARY,
    "check_sample_weights_shape": BINARY,
    "check_sample_weights_not_overwritten": BINARY,
    "check_sample_weight_equivalence_on_dense_data": DRAWN,
    "check_sample_weight_equivalence_on_sparse_data": DRAWN,
    "check_classifiers_one_label_sample_weights": "gives y as a vector, and Y is a matrix",
    "check_classifiers_one_label": "gives y as a vector, and Y is a matrix",
    "check_classifiers_regression_target": "gives y as a vector, and Y is a matrix",
    "check_classifier_not_supporting_multiclass": "wants the words of a binary classifier",
    "check_classifier_multioutput": TUNED,
    "check_classifiers_multilabel_output_format_predict_proba": TUNED,
}


@pytest.mark.slow
@parametrize_with_checks([ALENClassifier(**SMALL)], expected_failed_checks=lambda estimator: FAILS)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


# Known labels in training.


def test_known_fraction_teaches_how_labels_depend_on_what_is_known(tmp_path):
    """The second label is the first's, the third its opposite; the features say nothing."""
    rng = np.random.default_rng(0)
    first, x = rng.random((400, 1)) < 0.5, rng.normal(size=(400, 2))
    y = np.hstack([first, first, ~first]).astype(int)
    settings = SMALL | {"epochs": 15, "hidden_units": 32, "learning_rate": 0.01, "dropout": 0.0}
    known = np.full(y.shape, np.nan)
    known[:, 0] = y[:, 0]

    def right(known_fraction):
        model = ALENClassifier(**settings, known_fraction=known_fraction).fit(x, y)
        return model, np.mean((model.refine(x, known=known) >= 0.5) == y)

    model, share = right((0.2, 0.8))
    assert share > 0.97 > 0.9 > right(None)[1]
    assert np.abs(model.confidence(x, known=known) - model.confidence(x)).max() > 0.01
    model.save(tmp_path / "model")
    loaded = ALENClassifier.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.refine(x, known), model.refine(x, known))
    explained = model.explain(x[:2], known[:2])
    assert np.any(explained[0].local != model.explain(x[:1])[0].local)


def test_known_fraction_has_to_be_a_share(data):
    with pytest.raises(ValueError, match="known_fraction"):
        ALENClassifier(**SMALL, known_fraction=2.0).fit(*data)


def test_joint_training_leaves_out_missing_labels(data):
    """A third of the labels is missing; filled with zeros they teach that labels are rare."""
    x, y = data
    gaps = np.where(np.random.RandomState(0).rand(*y.shape) < 1 / 3, np.nan, y)
    larger = {"epochs": 20, "hidden_units": 32, "energy_hidden_units": 32, "batch_size": 10}
    model = ALENClassifier(**SMALL | larger)
    score = model.fit(x[:180], gaps[:180]).score(x[180:], y[180:])
    filled = model.fit(x[:180], np.nan_to_num(gaps[:180])).score(x[180:], y[180:])
    assert score > filled + 0.05
    found = model.predict(x)
    expected = [
        f1_score(row[known], of_row[known], zero_division=1.0)
        for row, of_row, known in zip(y, found, ~np.isnan(gaps), strict=True)
        if known.any()
    ]
    expected += [1.0] * (len(y) - len(expected))
    assert model.score(x, gaps) == pytest.approx(np.mean(expected), abs=1e-9)


def test_large_sparse_rows_are_explained_and_served(fitted, data, monkeypatch, tmp_path):
    x, _ = data
    dense = fitted.explain(x[:2])
    monkeypatch.setattr(sparse_rows, "SMALL", 0)
    wide = sparse.csr_matrix(np.where(np.abs(x) < 1.0, 0.0, x))
    model = ALENClassifier(**SMALL).fit(wide, data[1])
    assert len(model.explain(wide[:2])) == len(dense)
    known = np.full((len(x), 3), np.nan)
    known[:, 1] = 1
    assert model.predict(wide, known)[:, 1].all()
