"""Emotions, learning from every training row: python -m experiments.cross_validated.

With 78 held-out rows a decision threshold is mostly noise. Here parameters and threshold of ALEN
and of the classifiers of scikit-learn come from predictions for all 391 training rows, each by a
model that has not seen the row (5 folds); then the chosen model learns from all of them, with five
seeds. Prints F1 on the test rows, and standard errors over them, of each method and of ALEN's
difference to it.
"""

import functools
import math

from absl import app, flags

from experiments import mulan, runs

NAME, DATASET, FOLDS, SEEDS = "cross_validated", "emotions", 5, range(5)
GRIDS = {"ALEN": {"l2": [0.03, 0.1]}} | mulan.RIVALS


def fit(method, parameters, train, seed):
    """Learns from `Examples`; returns the function from inputs to relaxed outputs."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if method == "ALEN":
        from alen_tf import ALENClassifier
        from alen_tf.datasets.splits import Splits
        from alen_tf.tasks.multilabel import MultiLabel
        from alen_tf.training import in_memory, joint

        estimator = ALENClassifier(**parameters)
        splits = Splits(DATASET, train, train.take(slice(1)), train)  # keep the last epoch
        learned, *_ = in_memory.train(
            task=MultiLabel(dataset=None),
            splits=splits,
            epochs=estimator.epochs,
            batch_size=estimator.batch_size,
            seed=seed,
            select_after=1.0,
            **joint.makers(estimator, train.x.shape[1], train.y.shape[1]),
        )
        return lambda x: learned(x).relaxed
    classifier = mulan.classifier(method, seed, **parameters)
    return make_pipeline(StandardScaler(), classifier).fit(train.x, train.y).predict_proba


def choose(method, train):
    """(F1, threshold, parameters) with the highest F1 of predictions for rows not learned from."""
    import numpy as np
    from sklearn.model_selection import ParameterGrid

    from alen_tf.tasks.multilabel import MultiLabel

    task, found = MultiLabel(dataset=None), []
    folds = np.array_split(np.random.RandomState(0).permutation(len(train)), FOLDS)
    for parameters in ParameterGrid(GRIDS[method]):
        y = np.zeros(train.y.shape)
        for seed, fold in enumerate(folds):
            rest = np.setdiff1d(np.arange(len(train)), fold)
            y[fold] = fit(method, parameters, train.take(rest), seed)(train.x[fold])
        threshold = task.best_threshold(y, train.y)
        score = task.scores(y, train.y, threshold)[task.metric]
        found.append((score, threshold, parameters))
    return max(found, key=lambda entry: entry[0])


@functools.cache
def data():
    """(train, test): the official split."""
    from alen_tf.datasets.mulan import mulan as load

    splits = load(DATASET, flags.FLAGS.manual_dir, validation_fraction=0.0)
    return splits.train, splits.test


def measure(method):
    """The choice, and F1 of each test row under each seed."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    from alen_tf.objectives.metrics import f1_of_examples

    warnings.simplefilter("ignore", ConvergenceWarning)
    train, test = data()
    score, threshold, parameters = choose(method, train)
    rows = []
    for seed in SEEDS:
        y = fit(method, parameters, train, seed)(test.x) >= threshold
        rows.append([round(float(f1), 4) for f1 in f1_of_examples(y, test.y)])
    return {
        "method": method,
        "parameters": parameters,
        "threshold": threshold,
        "cross_validated_f1": score,
        "test_f1_of_rows": rows,
    }


def table():
    """Test F1, its spread over seeds and its standard error over rows, as Markdown."""
    lines, ours = [], None
    for method in flags.FLAGS.methods or GRIDS:
        command = runs.line("experiments.cross_validated", [f"--methods={method}"])
        found = runs.measured(NAME, command, functools.partial(measure, method))
        if found is None:
            continue
        by_seed = [sum(rows) / len(rows) for rows in found["test_f1_of_rows"]]
        rows = [sum(each) / len(each) for each in zip(*found["test_f1_of_rows"], strict=True)]
        ours = ours or rows
        difference = [a - b for a, b in zip(ours, rows, strict=True)]
        cells = [runs.mean_and_spread(by_seed), _with_error(rows), _with_error(difference)]
        chosen = ", ".join(f"{name} {value}" for name, value in found["parameters"].items())
        validated = f"{100 * found['cross_validated_f1']:.2f}"
        lines.append([method, f"{chosen}; at {found['threshold']}", validated, *cells])
    header = ["method", "chosen", "cross-validated", "test, over seeds", "test, over rows"]
    return runs.markdown([*header, "ALEN's difference, over rows"], lines)


def _with_error(rows):
    """Mean and standard error, in percent."""
    mean = sum(rows) / len(rows)
    variance = sum((row - mean) ** 2 for row in rows) / (len(rows) - 1)
    return f"{100 * mean:.2f} ± {100 * math.sqrt(variance / len(rows)):.2f}"


def main(argv):
    del argv
    print(table())


if __name__ == "__main__":
    app.run(main)
