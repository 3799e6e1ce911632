"""ALENClassifier as it comes against tuned classifiers of scikit-learn: python -m experiments.own_data.

On three sets of the Mulan project with their official test splits. All methods fit the same rows,
and choose on the same held-out ones: ALEN its epoch and threshold, the others their parameters from
a grid and their threshold.
"""

import time

from absl import app, flags
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
FRACTION = 0.1  # of the training rows, held out
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
    """Fitted `ALENClassifier` with all its defaults."""
    model = ALENClassifier(validation_fraction=FRACTION, random_state=seed)
    return model.fit(examples.x, examples.y), {}


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


def compare(dataset, seed):
    """Records what all methods reach on a data set with one held-out part."""
    splits = mulan(dataset, flags.FLAGS.manual_dir)
    examples = Examples(
        *([*getattr(splits.train, name), *getattr(splits.validation, name)] for name in ("x", "y"))
    )
    del examples


def main(argv):
    del argv


if __name__ == "__main__":
    app.run(main)
