"""The cross-fitted estimator and plain classifiers: python -m experiments.cross_fitted.

Compares `ALENClassifier` with its defaults and scikit-learn's classifiers, which get the same
tuning: all training rows, five folds, and for each decoding the parameters with the best
out-of-fold F1. Decodings are one threshold, or the highest expected F1 of Platt-scaled marginals.
Test rows are read once. All seeds of a set form one record: F1 is a mean over them, and intervals
of differences are bootstraps over test rows. A set named `SET_networks` uses only Keras networks as
g, and `bibtex_seal` a split of SEAL's proportions (Lee et al., NeurIPS 2022).
"""

import functools
import importlib.metadata
import resource
import time

import numpy as np
from absl import app, flags

from experiments import mulan, runs

flags.adopt_module_key_flags(mulan)  # --sets, --seeds

NAME, FOLDS, BOOTSTRAPS = "cross_fitted", 5, 2000
# Set: number of seeds.
SETS = {
    "emotions": 3,
    "scene": 3,
    "yeast": 3,
    "slashdot": 3,
    "langlog": 5,
    "digits": 3,
    "bibtex_300": 3,
    "bibtex_1000": 3,
    "bibtex": 3,
    "bibtex_networks": 3,
    "bibtex_seal": 1,
    "tmc2007": 1,
    "delicious": 1,
}
LARGE = ("bibtex_1000", "bibtex", "bibtex_seal")  # rivals have one seed on these
NETWORKS, SEAL = "_networks", "seal"
ENSEMBLE = 5
WORDS = ("bibtex", "slashdot", "langlog", "tmc2007", "delicious")
DECODINGS = ("threshold", "expected F1")


def load(name):
    """(x, y, test x, test y) of a set, all of its training rows; words are sparse."""
    from scipy import sparse

    dataset, _, rows = name.removesuffix(NETWORKS).partition("_")
    places = {"manual_dir": flags.FLAGS.manual_dir, "data_dir": flags.FLAGS.data_dir}
    if dataset == "digits":
        from alen_tf.datasets.digits import digits

        splits = digits()
    elif dataset == "bibtex":
        from alen_tf.datasets.bibtex import bibtex

        splits = bibtex(**places)
    else:
        from alen_tf.datasets.mulan import mulan as load_mulan

        splits = load_mulan(dataset, **places)
    x, y = (
        np.concatenate([getattr(splits.train, part), getattr(splits.validation, part)])
        for part in "xy"
    )
    x, y, test_x, test_y = (
        each.reshape(len(each), -1) for each in (x, y, splits.test.x, splits.test.y)
    )
    if rows == SEAL:
        x, y, test_x, test_y = seal(np.concatenate([x, test_x]), np.concatenate([y, test_y]))
    else:
        chosen = np.random.RandomState(0).permutation(len(x))[: int(rows or len(x))]
        x, y = x[chosen], y[chosen]
    x, test_x = np.float32(x), np.float32(test_x)
    if dataset in WORDS:
        x, test_x = sparse.csr_matrix(x), sparse.csr_matrix(test_x)
    return x, np.uint8(y), test_x, np.uint8(test_y)


def seal(x, y):
    """(x, y, test x, test y) of SEAL's kind of split: ten stratified folds of all rows, of which
    six are learned from and two are for testing. SEAL's two folds for validation stay unused."""
    from alen_tf.cross_fitting.out_of_fold import fold_of_rows

    fold = fold_of_rows(y, 10, seed=0)
    train, test = fold < 6, fold >= 8
    return x[train], y[train], x[test], y[test]


def rivals(x, y, seed):
    """Classifiers of scikit-learn with their parameters, by name: {name: [classifier]}."""
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.multioutput import ClassifierChain
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler, StandardScaler

    from alen_tf.networks.standardization import is_counts

    counts = is_counts(x)
    scaler = MaxAbsScaler if counts else StandardScaler
    weights = (0.3, 1.0) if counts else (0.01, 0.1, 1.0)

    def logistic(c):
        return LogisticRegression(C=c, solver="liblinear", random_state=seed)

    def scaled(model):
        return make_pipeline(scaler(), model)

    def trees(kind, leaf):
        return kind(200, min_samples_leaf=leaf, n_jobs=-1, random_state=seed)

    def network(alpha):
        return MLPClassifier((150,), alpha=alpha, max_iter=60, random_state=seed)

    large = y.size > 1e6  # the best settings of other sets
    return {
        "logistic regression": [scaled(OneVsRestClassifier(logistic(c))) for c in weights],
        "random forest": [trees(RandomForestClassifier, n) for n in ((2,) if large else (1, 2))],
        "extra trees": [trees(ExtraTreesClassifier, n) for n in ((2,) if large else (1, 2))],
        "MLPClassifier": [scaled(network(a)) for a in ((1.0,) if large else (1e-2, 1.0))],
        "classifier chain": []
        if large
        else [
            scaled(ClassifierChain(logistic(c), order="random", random_state=seed)) for c in weights
        ],
    }


def measure_rival(classifiers, x, y, test_x, fold, seed):
    """Test label sets by decoding, and the marginals behind the expected F1."""
    from alen_tf.cross_fitting.calibration import Stacking, logits, sigmoid
    from alen_tf.cross_fitting.out_of_fold import out_of_fold
    from alen_tf.cross_fitting.refined import THRESHOLDS
    from alen_tf.inference import expected_f1
    from alen_tf.objectives.metrics import f1_of_examples

    empty, best = bool(np.any(~y.any(axis=1))), dict.fromkeys(DECODINGS, (-1.0,))
    for classifier in classifiers:
        found, fitted = out_of_fold(classifier, x, y, fold, seed)
        fitted = fitted(test_x)
        scores = [f1_of_examples(found >= each, y).mean() for each in THRESHOLDS]
        threshold = THRESHOLDS[np.argmax(scores)]
        best["threshold"] = max(best["threshold"], (max(scores), fitted >= threshold), key=_first)
        found = logits(found, len(y))[None]
        platt = Stacking(found, y)
        score = f1_of_examples(expected_f1.decode(sigmoid(platt(found)), empty)[0], y).mean()
        if score > best["expected F1"][0]:
            marginals = sigmoid(platt(logits(fitted, len(y))[None]))
            best["expected F1"] = score, expected_f1.decode(marginals, empty)[0], marginals
    return {decoding: each[1] for decoding, each in best.items()}, best["expected F1"][2]


def _first(entry):
    return entry[0]


def networks():
    """Two Keras networks, as g instead of the defaults."""
    from alen_tf.networks.mlp import MLP

    return [MLP(hidden_layers=0), MLP(hidden_units=300, dropout=0.5, input_dropout=0.2)]


def ensemble(x, y, test_x, seed):
    """Mean marginals of networks that differ in their seeds (Lakshminarayanan et al., 2017)."""
    members = [
        rivals(x, y, ENSEMBLE * seed + member)["MLPClassifier"][-1] for member in range(ENSEMBLE)
    ]
    return np.mean([each.fit(x, y).predict_proba(test_x) for each in members], axis=0)


def measure_ours(x, y, test_x, test_y, seed, estimator="auto"):
    """(label sets by decoding; the estimator's part of the record)."""
    from scipy import stats
    from sklearn.metrics import average_precision_score

    from alen_tf import ALENClassifier
    from alen_tf.evaluation import selective
    from alen_tf.inference import expected_f1
    from alen_tf.objectives.metrics import f1_of_examples

    start = time.monotonic()
    model = ALENClassifier(estimator=estimator, random_state=seed).fit(x, y)
    seconds = time.monotonic() - start
    found, refined = model._model.logits(test_x), model._model.refined
    start = time.monotonic()
    chosen = model.predict(test_x) > 0
    predicting = time.monotonic() - start
    sets = {"ALEN": chosen} | {
        f"its g, {decoding}": refined.sets(found, decoding.replace(" ", "_").lower())
        for decoding in DECODINGS
    }
    sets["refined"] = refined.sets(found, "refined")
    p, score = model.predict_proba(test_x), f1_of_examples(chosen, test_y)
    confidences = {
        "ours": model.confidence(test_x),
        "soft Dice": _ratio(2.0 * (chosen * p).sum(axis=1), chosen.sum(axis=1) + p.sum(axis=1)),
        "expected F1": expected_f1.value(p, chosen),
        "least sure label": np.maximum(p, 1.0 - p).min(axis=1),
        "ensemble": expected_f1.value(ensemble(x, y, test_x, seed), chosen),
    }
    judged = {
        name: {
            "aurc": selective.aurc(each, score),
            "augrc": selective.augrc(each, score),
            "ece": selective.expected_calibration_error(each, score),
            "mean": float(np.mean(each)),
            "rank": float(stats.spearmanr(each, score).statistic),
        }
        for name, each in confidences.items()
    }
    path = refined.energy.refine(found, steps=30)
    kept = {
        "decoding": model.decoding_,
        "losses": model.classifier_losses_,
        "confidence": judged,
        "average_precision": average_precision_score(test_y, p, average="micro"),
        "brier": float(np.mean(np.square(p - test_y))),
        "path": [float(f1_of_examples(each >= 0.5, test_y).mean()) for each in path],
        "fit_seconds": round(seconds, 1),
        "predict_seconds": round(predicting, 2),
        "memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
    }
    return sets, kept


def _ratio(numerator, denominator):
    return np.divide(numerator, denominator, out=np.ones_like(numerator), where=denominator > 0)


def measure(name, seeds):
    """The record of a set."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import average_precision_score

    from alen_tf.cross_fitting.out_of_fold import fold_of_rows
    from alen_tf.objectives.metrics import f1_of_examples

    warnings.simplefilter("ignore", ConvergenceWarning)
    x, y, test_x, test_y = load(name)
    f1, ours, precision, alone = {}, [], {}, name.endswith(NETWORKS)
    for seed in seeds:
        estimator = networks() if alone else "auto"
        sets, kept = measure_ours(x, y, test_x, test_y, seed, estimator)
        fold = fold_of_rows(y, FOLDS, seed)
        for rival, classifiers in ({} if alone else rivals(x, y, seed)).items():
            if classifiers and (seed == seeds[0] or name not in LARGE):
                decoded, p = measure_rival(classifiers, x, y, test_x, fold, seed)
                sets |= {f"{rival}, {decoding}": each for decoding, each in decoded.items()}
                value = average_precision_score(test_y, p, average="micro")
                precision.setdefault(rival, []).append(float(value))
        for method, each in sets.items():
            f1.setdefault(method, []).append(f1_of_examples(each, test_y))
        ours.append(kept)
        print(name, seed, {k: round(100 * v[-1].mean(), 2) for k, v in f1.items()}, flush=True)
    rows = {method: np.mean(each, axis=0) for method, each in f1.items()}
    return {
        "set": name,
        "seeds": list(seeds),
        "version": importlib.metadata.version("alen_tf"),
        "f1": {method: [float(each.mean()) for each in found] for method, found in f1.items()},
        "difference_95": {method: interval(rows["ALEN"] - each) for method, each in rows.items()},
        "average_precision": precision,
        "ours": ours,
    }


def interval(differences):
    """The 95% bootstrap interval of a mean over test rows, [low, high]."""
    rows = len(differences)
    draws = np.random.RandomState(0).randint(rows, size=(BOOTSTRAPS, rows))
    return np.quantile(differences[draws].mean(axis=1), [0.025, 0.975]).tolist()


def table():
    """Test F1 of all sets, as Markdown."""
    lines = []
    for name in flags.FLAGS.sets or SETS:
        seeds = list(map(int, flags.FLAGS.seeds or range(SETS[name])))
        options = [f"--sets={name}", f"--seeds={','.join(map(str, seeds))}"]
        command = runs.line("experiments.cross_fitted", options)
        if found := runs.measured(NAME, command, functools.partial(measure, name, seeds)):
            lines.append(_line(found))
    header = ["set, seeds", "ALEN", "its g, threshold", "its g, expected F1", "best threshold"]
    return runs.markdown(
        [*header, "best expected F1", "ALEN's difference to these", "v / F1", "ECE"], lines
    )


def _line(found):
    """A row of the table: rivals are the best ones on test."""
    f1 = {method: 100 * np.mean(each) for method, each in found["f1"].items()}
    beside = {
        decoding: [m for m in f1 if m.endswith(f", {decoding}") and not m.startswith("its g")]
        for decoding in DECODINGS
    }
    best = {decoding: max(each, key=f1.get) for decoding, each in beside.items() if each}
    differences = [
        f"{f1['ALEN'] - f1[method]:+.2f} [{100 * low:+.1f}, {100 * high:+.1f}]"
        for method in best.values()
        for low, high in [found["difference_95"][method]]
    ]
    judged = [each["confidence"]["ours"] for each in found["ours"]]
    return [
        f"{found['set']}, {len(found['seeds'])}",
        runs.mean_and_spread(found["f1"]["ALEN"]),
        *(runs.mean_and_spread(found["f1"][f"its g, {decoding}"]) for decoding in DECODINGS),
        *(
            f"{f1[best[d]]:.2f} ({best[d].partition(',')[0]})" if d in best else ""
            for d in DECODINGS
        ),
        ", ".join(differences),
        f"{100 * np.mean([each['mean'] for each in judged]):.1f} / {f1['ALEN']:.1f}",
        f"{100 * np.mean([each['ece'] for each in judged]):.1f}",
    ]


def main(argv):
    del argv
    print(table())


if __name__ == "__main__":
    app.run(main)
