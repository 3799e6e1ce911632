"""With some labels of each test row known: python -m experiments.known_labels.

Compares the cross-fitted estimator, which saw no known labels in training, with networks and
logistic regressions that were trained with random known labels (C-Tran's label masks, Lanchantin et
al., CVPR 2021), and with a classifier chain whose known labels are clamped. F1 and micro average
precision count unknown labels only: in all rows, and in rows with a label to find, where decoding
by expected F1 predicts at least one. Thresholds are the best ones on held-out training rows, by the
same measure and at the same share. Prints the table, and writes docs/known_labels.png.
"""

import functools
import time

import numpy as np
from absl import app, flags

from experiments import cross_fitted, runs, style

NAME, SHARES, DRAWS = "known_labels", (0.0, 0.1, 0.25, 0.5, 0.75, 0.9), 5
SETS = {"yeast": 3, "emotions": 3, "scene": 3, "slashdot": 1, "bibtex": 1}
MEASURES = ("all rows", "rows with something to find")
HELD_OUT = 0.2  # of the training rows, to choose thresholds and calibration
EPOCHS, STEPS, BATCH = 60, (2000, 6000), 32
METHODS = (
    "ALEN",
    "ALEN's marginals, expected F1",
    "ALEN's g without what is known, expected F1",
    "mask-trained network, threshold",
    "mask-trained network, expected F1",
    "mask-trained logistic regression, threshold",
    "mask-trained logistic regression, expected F1",
    "clamped chain, threshold",
    "clamped chain, expected F1",
)
# Methods in the figure, and their names there: those with a ranking of labels.
RANKED = {
    "ALEN": "ALEN, cross-fitted",
    "ALEN's g without what is known, expected F1": "its g, without known labels",
    "mask-trained network, threshold": "mask-trained network",
    "mask-trained logistic regression, threshold": "mask-trained logistic regression",
    "clamped chain, threshold": "clamped chain",
}


def masked(y, share, draw):
    """Labels with a share of them known, NaN where unknown, [rows, labels]."""
    return np.where(np.random.RandomState(draw).rand(*y.shape) < share, y, np.nan)


class MaskTrained:
    """A network of x, of the labels known to be present, and of those known to be absent."""

    def __init__(self, x, y, units, seed):
        import keras

        keras.utils.set_random_seed(seed)
        self._mean, self._scale = x.mean(axis=0), x.std(axis=0) + 1e-6
        if np.mean(x == 0) > 0.5:
            self._mean, self._scale = 0.0, np.maximum(np.abs(x).max(axis=0), 1e-6)
        layers = [keras.layers.Dense(y.shape[1])]
        if units:
            hidden = keras.layers.Dense(units, activation="relu")
            layers = [keras.layers.Dropout(0.2), hidden, keras.layers.Dropout(0.5), *layers]
        self._model, random = keras.Sequential(layers), np.random.RandomState(seed)
        epochs = int(np.clip(EPOCHS, STEPS[0] * BATCH / len(x), STEPS[1] * BATCH / len(x)))
        steps = epochs * (len(x) // BATCH + 1)
        rate = keras.optimizers.schedules.CosineDecay(1e-3 if units else 1e-2, steps)
        self._model.compile(keras.optimizers.AdamW(rate, weight_decay=0.3), loss=_loss)
        for _ in range(epochs):
            share = random.rand(len(x), 1) * (random.rand(len(x), 1) < 0.7)
            known = np.where(random.rand(*y.shape) < share, y, np.nan)
            target = np.where(np.isnan(known), y, -1.0)  # -1: known, so it does not count
            self._model.fit(self._inputs(x, known), target, batch_size=BATCH, verbose=0)

    def __call__(self, x, known):
        """P(y_i = 1 | x, what is known), [rows, labels]."""
        found = self._model.predict(self._inputs(x, known), batch_size=512, verbose=0)
        return 1.0 / (1.0 + np.exp(-found))

    def _inputs(self, x, known):
        scaled = (x - self._mean) / self._scale
        return np.hstack([scaled, known == 1, known == 0]).astype(np.float32)


def _loss(y, logits):
    from keras import ops

    counts = ops.cast(y >= 0, "float32")
    return ops.sum(counts * (ops.softplus(logits) - y * logits), axis=-1)


class Chain:
    """A classifier chain (Read et al., 2009) with known labels clamped."""

    def __init__(self, x, y, seed):
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import MaxAbsScaler, StandardScaler

        words = np.mean(x == 0) > 0.5
        self._scaler = (MaxAbsScaler() if words else StandardScaler()).fit(x)
        self._order, x = (
            np.random.RandomState(seed).permutation(y.shape[1]),
            self._scaler.transform(x),
        )
        self._models = []
        for place, label in enumerate(self._order):
            inputs, target = np.hstack([x, y[:, self._order[:place]]]), y[:, label]
            constant = target.min() == target.max()
            logistic = LogisticRegression(C=1.0 if words else 0.1, solver="liblinear")
            self._models.append(None if constant else logistic.fit(inputs, target))
        self._rates = y.mean(axis=0)

    def __call__(self, x, known):
        """As `MaskTrained`; earlier labels in the chain are known, or decided at 0.5."""
        inputs, found = self._scaler.transform(x), np.tile(self._rates, (len(x), 1))
        for label, model in zip(self._order, self._models, strict=True):
            if model is not None:
                found[:, label] = model.predict_proba(inputs)[:, 1]
            given = np.where(np.isnan(known[:, label]), found[:, label] >= 0.5, known[:, label])
            inputs = np.hstack([inputs, given[:, None]])
        return found


def decoder(fitted, held_out, rest, x, y, test_x, share):
    """A function from known labels of test rows to a rival's sets, {measure: {decoding: sets}}, and
    its marginals. Thresholds and Platt's scaling come from held-out rows with the same share
    known, which the copy `rest` has not learned from."""
    from alen_tf.cross_fitting.calibration import Stacking, logits, sigmoid
    from alen_tf.cross_fitting.refined import THRESHOLDS

    known = masked(y[held_out], share, 1000)
    p, unknown = rest(x[held_out], known), np.isnan(known)
    truth = (y[held_out] == 1) & unknown
    best = {
        measure: max(THRESHOLDS, key=lambda each: f1((p >= each) & unknown, truth, measure))
        for measure in MEASURES
    }
    platt = Stacking(logits(p, len(y))[None], y[held_out])

    def decode(known):
        p = fitted(test_x, known)
        calibrated = sigmoid(platt(logits(p, len(y))[None]))
        return {
            measure: {
                "threshold": p >= best[measure],
                "expected F1": expected(calibrated, known, measure),
            }
            for measure in MEASURES
        }, p

    return decode


def expected(p, known, measure):
    """The sets of unknown labels with the highest expected F1."""
    from alen_tf.inference import expected_f1

    return expected_f1.decode(np.where(np.isnan(known), p, 0.0), measure == MEASURES[0])[0]


def f1(sets, truth, measure):
    """The mean F1 of rows by a measure."""
    from alen_tf.objectives.metrics import f1_of_examples

    rows = truth.any(axis=1) | (measure == MEASURES[0])
    return float(f1_of_examples(sets[rows], truth[rows]).mean())


def measure(name, seed):
    """The record of a set and a seed: F1 and average precision by method, at each share."""
    from scipy import sparse
    from sklearn.metrics import average_precision_score

    from alen_tf import ALENClassifier

    x, y, test_x, test_y = cross_fitted.load(name)
    model = ALENClassifier(random_state=seed).fit(x, y)
    cost = seconds(model, test_x, test_y)
    dense = [each.toarray() if sparse.issparse(each) else each for each in (x, test_x)]
    order = np.random.RandomState(seed).permutation(len(y))
    held_out, rest = np.split(order, [round(HELD_OUT * len(y))])
    makers = {
        "mask-trained network": lambda x, y: MaskTrained(x, y, 300, seed),
        "mask-trained logistic regression": lambda x, y: MaskTrained(x, y, 0, seed),
        "clamped chain": lambda x, y: Chain(x, y, seed),
    }
    made = {
        method: (make(dense[0], y), held_out, make(dense[0][rest], y[rest]))
        for method, make in makers.items()
    }
    found, blind = [], model.predict_proba(test_x)
    for share in SHARES:
        decoders = {
            method: decoder(*each, dense[0], y, dense[1], share) for method, each in made.items()
        }
        for draw in range(DRAWS):
            known = masked(test_y, share, draw)
            unknown = np.isnan(known)
            truth, p = (test_y == 1) & unknown, model.predict_proba(test_x, known)
            refined = model.predict(test_x, known) == 1
            sets = {
                measure: {
                    METHODS[0]: refined,
                    METHODS[1]: expected(p, known, measure),
                    METHODS[2]: expected(blind, known, measure),
                }
                for measure in MEASURES
            }
            marginals = {METHODS[0]: p, METHODS[2]: blind}
            for method, decode in decoders.items():
                decoded, marginals[f"{method}, threshold"] = decode(known)
                for measure in MEASURES:
                    for decoding, each in decoded[measure].items():
                        sets[measure][f"{method}, {decoding}"] = each
            found += [
                {
                    "method": method,
                    "share": share,
                    "ap": float(average_precision_score(truth[unknown], marginals[method][unknown]))
                    if method in marginals
                    else None,
                }
                | {m: f1(sets[m][method] & unknown, truth, m) for m in MEASURES}
                for method in METHODS
            ]
        print(
            name,
            seed,
            share,
            *(f"{e['method']} {100 * e[MEASURES[0]]:.1f}" for e in found[-len(METHODS) :]),
            flush=True,
        )
    return {"set": name, "seed": seed, "found": found, "cost": cost}


def seconds(model, x, y):
    """CPU seconds that `predict` takes for all rows, without known labels and with half of them."""
    found = {}
    for case, known in (("nothing known", None), ("half known", masked(y, 0.5, 0))):
        model.predict(x, known)
        start = time.process_time()
        model.predict(x, known)
        found[case] = time.process_time() - start
    return found


def table():
    """F1 by both measures, and average precision, by share, as Markdown."""
    lines = []
    for name in flags.FLAGS.sets or SETS:
        entries, seeds = [], flags.FLAGS.seeds or range(SETS[name])
        for seed in seeds:
            command = runs.line("experiments.known_labels", [f"--sets={name}", f"--seeds={seed}"])
            made = runs.measured(NAME, command, functools.partial(measure, name, int(seed)))
            entries += made["found"] if made else []
        lines += [_line(name, method, entries) for method in METHODS if entries]
    return runs.markdown(["set", "method", *(f"{share:.0%}" for share in SHARES)], lines)


def _line(name, method, entries):
    cells = []
    for share in SHARES:
        these = [each for each in entries if (each["method"], each["share"]) == (method, share)]
        cell = " / ".join(f"{100 * np.mean([e[m] for e in these]):.1f}" for m in MEASURES)
        precision = [each["ap"] for each in these if each["ap"] is not None]
        cells.append(cell + (f" ({100 * np.mean(precision):.1f})" if precision else ""))
    return [name, method, *cells]


def draw():
    """Average precision of unknown labels by the share of known ones, a panel per recorded set."""

    def curves(records):
        shares = [100 * share for share in SHARES]
        for method, label in RANKED.items():
            found = [e for each in records for e in each["found"] if e["method"] == method]
            by_share = [[100 * e["ap"] for e in found if e["share"] == share] for share in SHARES]
            yield shares, np.transpose(by_share), label

    return style.panels(
        runs.recorded(NAME).values(),
        SETS,
        curves,
        f"known labels (%), {DRAWS} draws",
        "average precision on unknown labels (%)",
        "lower left",
    )


def main(argv):
    del argv
    runs.show(NAME, table, draw)


if __name__ == "__main__":
    app.run(main)
