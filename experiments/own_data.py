"""ALENClassifier against tuned classifiers of scikit-learn: python -m experiments.own_data.

On three sets of the Mulan project with their official test splits. All methods fit the same rows
and choose on the same held-out ones: ALEN, with its defaults, an epoch and a threshold; the others
their parameters from a grid and a threshold.
"""

import functools
import time
import warnings

import numpy as np
from absl import app, flags
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterGrid
from sklearn.multioutput import ClassifierChain
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from alen_tf import ALENClassifier
from alen_tf.datasets.mulan import mulan
from alen_tf.datasets.splits import Examples, hold_out
from alen_tf.tasks.multilabel import MultiLabel
from experiments import runs

NAME = "own_data"
DATASETS = ("emotions", "scene", "yeast")
SEEDS = range(5)
FRACTION = 0.2  # of the training rows, held out
TASK = MultiLabel(dataset=None)


def perceptron(seed, **parameters):
    """A network of scikit-learn that learns long enough and keeps no rows to itself."""
    return MLPClassifier(
        max_iter=200, tol=0.0, n_iter_no_change=200, random_state=seed, **parameters
    )


def chain(seed, **parameters):
    """A chain of logistic regressions in random order."""
    logistic = LogisticRegression(max_iter=1000, **parameters)
    return ClassifierChain(logistic, order="random", random_state=seed)


RIVALS = {
    "MLPClassifier": (
        perceptron,
        {"hidden_layer_sizes": [(50,), (150,)], "alpha": [1e-4, 1e-1, 1.0, 10.0]},
    ),
    "ClassifierChain(LogisticRegression)": (chain, {"C": [1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0]}),
}


def alen(examples, seed):
    """`ALENClassifier` as it comes."""
    model = ALENClassifier(validation_fraction=FRACTION, random_state=seed)
    model.fit(examples.x, examples.y)
    return model, {"threshold": model.threshold_}


def rival(make, grid, examples, seed):
    """The model of a grid with the highest validation score at its best threshold."""
    train, validation = hold_out(examples, FRACTION, seed)
    found = []
    for parameters in ParameterGrid(grid):
        model = make_pipeline(StandardScaler(), make(seed, **parameters)).fit(train.x, train.y)
        y = model.predict_proba(validation.x)
        threshold = TASK.best_threshold(y, validation.y)
        score = TASK.scores(y, validation.y, threshold)[TASK.metric]
        found.append((score, model, parameters | {"threshold": threshold}))
    _, model, parameters = max(found, key=lambda entry: entry[0])
    return model, parameters


METHODS = {"ALENClassifier": alen} | {
    name: functools.partial(rival, make, grid) for name, (make, grid) in RIVALS.items()
}


def compare(dataset, method, seed):
    """What a method reaches on the test split of a data set, with its rows held out by `seed`."""
    splits = mulan(dataset, flags.FLAGS.manual_dir)
    parts = splits.train, splits.validation  # one file
    examples = Examples(*(np.concatenate([getattr(p, k) for p in parts]) for k in ("x", "y")))
    start = time.monotonic()
    model, parameters = METHODS[method](examples, seed)
    seconds = time.monotonic() - start
    y = model.predict_proba(splits.test.x)
    return {
        "dataset": dataset,
        "method": method,
        "seed": seed,
        TASK.metric: TASK.scores(y, splits.test.y, parameters["threshold"])[TASK.metric],
        "parameters": parameters,
        "seconds": round(seconds, 1),
    }


def table():
    """Test F1 in percent at the tuned threshold, mean and standard deviation over held-out parts.

    Records what is not recorded yet.
    """
    rows = []
    for method in METHODS:
        cells = [method]
        for dataset in DATASETS:
            scores = []
            for seed in SEEDS:
                command = f"{dataset} {method} {seed}"
                if command not in runs.recorded(NAME) and flags.FLAGS.run:
                    runs.record(NAME, {"command": command} | compare(dataset, method, seed))
                scores.append(runs.recorded(NAME)[command][TASK.metric])
            cells.append(runs.mean_and_spread(scores))
        rows.append(cells)
    return runs.markdown(["method", *DATASETS], rows)


def main(argv):
    del argv
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(table())


if __name__ == "__main__":
    app.run(main)
