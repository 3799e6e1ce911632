"""Classifiers without an energy on Bibtex, for Table 1: python -m experiments.rivals.

The classifiers of `experiments.cross_fitted`, tuned in the same way: out of fold on all training
documents, for each decoding with its own best settings. The table adds the paired difference from
Table 1's ALEN, with a bootstrap interval over test documents. ALEN's F1 is a mean over seeds; it
learned from nine tenths of the training documents.
"""

import functools

import numpy as np
from absl import app, flags

from experiments import cross_fitted, runs, table1

NAME, SET, SEED = "rivals", "bibtex", 0
LABELS = {
    "logistic regression": "one-vs-rest logistic regression",
    "MLPClassifier": "two-layer network (MLPClassifier)",
    "classifier chain": "chain of logistic regressions",
    "random forest": "random forest",
    "extra trees": "extra trees",
}


def measure(method):
    """The record of a rival, one of `LABELS`."""
    from alen_tf.cross_fitting.out_of_fold import fold_of_rows
    from alen_tf.objectives.metrics import f1_of_examples

    x, y, test_x, test_y = cross_fitted.load(SET)
    classifiers = cross_fitted.rivals(x, y, SEED)[method]
    fold = fold_of_rows(y, cross_fitted.FOLDS, SEED)
    sets, _ = cross_fitted.measure_rival(classifiers, x, y, test_x, fold, SEED)
    alen = ours()
    f1 = {decoding: f1_of_examples(found, test_y) for decoding, found in sets.items()}
    return {
        "method": method,
        "seed": SEED,
        "settings": len(classifiers),
        "f1": {decoding: float(each.mean()) for decoding, each in f1.items()},
        "alen": float(alen.mean()),
        "difference_95": {
            decoding: cross_fitted.interval(alen - each) for decoding, each in f1.items()
        },
    }


@functools.cache
def ours():
    """F1 of Table 1's ALEN on each test document, mean over seeds, [documents]."""
    from alen_tf.objectives.metrics import f1_of_examples
    from alen_tf.serving import trained

    found = []
    for run in table1.wanted(SET, "alen"):
        workdir = runs.trained_workdir("table1", run)
        _, splits, model = trained.restore(workdir, flags.FLAGS.manual_dir, flags.FLAGS.data_dir)
        found.append(f1_of_examples(model.refine(splits.test.x)[-1] >= 0.5, splits.test.y))
    return np.mean(found, axis=0)


def results(methods):
    """The records of rivals; see `runs.measured`."""
    return {
        method: runs.measured(NAME, command_of(method), functools.partial(measure, method))
        for method in methods
    }


def command_of(method):
    """The command that makes a rival's record."""
    return runs.line("experiments.rivals", [f"--methods={method}"])


def table():
    """Test F1 of the rivals with both decodings, and ALEN's lead, as Markdown."""
    rows = []
    for method, found in results(flags.FLAGS.methods or LABELS).items():
        if found is None:
            continue
        cells = [LABELS[method]]
        for decoding in cross_fitted.DECODINGS:
            ahead = 100 * (found["alen"] - found["f1"][decoding])
            low, high = (100 * end for end in found["difference_95"][decoding])
            cells.append(f"{100 * found['f1'][decoding]:.2f}")
            cells.append(f"{ahead:+.2f} [{low:+.1f}, {high:+.1f}]")
        rows.append([*cells, str(found["settings"]), found["commit"]])
    ahead = "ALEN's difference"
    header = ["method", "threshold", ahead, "expected F1", ahead, "settings tried", "commit"]
    return runs.markdown(header, rows)


def main(argv):
    del argv
    print(table())


if __name__ == "__main__":
    app.run(main)
