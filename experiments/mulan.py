"""Five sets of the Mulan project, beyond the paper: python -m experiments.mulan.

Compares ALEN with the settings for users' own data, networks without an energy, and scikit-learn's
classifiers, on the official test splits. For each seed, all methods choose on the same held-out
rows: an epoch and a threshold, or parameters from a grid and a threshold.
"""

import functools
import time
import warnings

from absl import app, flags

from experiments import runs

flags.DEFINE_list("sets", None, "Only these data sets; all by default.")
flags.DEFINE_list("seeds", None, "Only these seeds; all of a data set by default.")

NAME = "mulan"
# Data set: number of seeds. Each draws its own held-out rows.
SETS = {"emotions": 5, "scene": 3, "yeast": 3, "tmc2007": 1, "delicious": 1}
FRACTION = 0.2  # of the training rows, held out
# Row: gin file and which of a run's numbers.
NETWORKS = {
    "ALEN": ("gin/mulan/alen.gin", "refined"),
    "InfNet (ALEN)": ("gin/mulan/alen.gin", "inference_network"),
    "two-layer network (InfNet baseline)": ("gin/mulan/two_layer.gin", "refined"),
    "logistic regression": ("gin/mulan/logistic.gin", "refined"),
}
# Row: grid of parameters, smaller where a fit takes minutes.
RIVALS = {
    "MLPClassifier": {"hidden_layer_sizes": [(50,), (150,)], "alpha": [1e-4, 1e-1, 1.0, 10.0]},
    "ClassifierChain": {"C": [1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0]},
}
LARGE = {"ClassifierChain": {"C": [1e-2, 0.1]}}
ROWS = (*NETWORKS, *RIVALS)


def classifier(method, seed, **parameters):
    """An untrained classifier of scikit-learn."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.multioutput import ClassifierChain
    from sklearn.neural_network import MLPClassifier

    if method == "MLPClassifier":  # trains long enough and holds out no rows
        return MLPClassifier(
            max_iter=200, tol=0.0, n_iter_no_change=200, random_state=seed, **parameters
        )
    logistic = LogisticRegression(max_iter=1000, **parameters)
    return ClassifierChain(logistic, order="random", random_state=seed)


def compare(dataset, method, seed):
    """Test F1 of the classifier of a grid with the highest validation F1 at its best threshold, as
    the part of a `results.json` that tables read."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import ParameterGrid
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from alen_tf.datasets.mulan import mulan
    from alen_tf.tasks.multilabel import MultiLabel

    warnings.simplefilter("ignore", ConvergenceWarning)
    splits = mulan(dataset, flags.FLAGS.manual_dir, validation_fraction=FRACTION, fold=seed)
    task, start, found = MultiLabel(dataset=None), time.monotonic(), []
    grid = LARGE.get(method) if SETS[dataset] == 1 else RIVALS[method]
    for parameters in ParameterGrid(grid):
        model = make_pipeline(StandardScaler(), classifier(method, seed, **parameters))
        model.fit(splits.train.x, splits.train.y)
        y = model.predict_proba(splits.validation.x)
        threshold = task.best_threshold(y, splits.validation.y)
        score = task.scores(y, splits.validation.y, threshold)[task.metric]
        found.append((score, threshold, parameters, model))
    score, threshold, parameters, model = max(found, key=lambda entry: entry[0])
    y = model.predict_proba(splits.test.x)
    plain, tuned = (task.scores(y, splits.test.y, t)[task.metric] for t in (0.5, threshold))
    return {
        "dataset": dataset,
        "method": method,
        "seed": seed,
        "metric": task.metric,
        "validation": {"tuned": {"threshold": threshold, "refined": score}},
        "test": {"refined": plain, "tuned": {"refined": tuned}},
        "parameters": parameters,
        "seconds": round(time.monotonic() - start, 1),
    }


def results(dataset, method, seeds):
    """The results of a method, recorded or made now; None for one that is not recorded, given
    --norun."""
    if method in NETWORKS:
        params = f"mulan.name = '{dataset}'"
        wanted = [
            runs.Run(NETWORKS[method][0], seed, (params, f"mulan.fold = {seed}")) for seed in seeds
        ]
        return runs.train(NAME, wanted)
    if SETS[dataset] == 1 and method not in LARGE:
        return []
    for seed in seeds:
        options = [f"--sets={dataset}", f"--methods={method}", f"--seeds={seed}"]
        command = runs.line("experiments.mulan", options)
        runs.measured(NAME, command, functools.partial(compare, dataset, method, seed))
    done = runs.recorded(NAME).values()
    wanted = {(dataset, method, seed) for seed in seeds}
    return [r for r in done if (r["dataset"], r["method"], r["seed"]) in wanted]


def cell(dataset, method):
    """Test F1 in percent, at threshold 0.5 and at the tuned one: mean and deviation over seeds."""
    seeds = list(map(int, flags.FLAGS.seeds or range(SETS[dataset])))
    key = NETWORKS.get(method, (None, "refined"))[1]
    found = [result for result in results(dataset, method, seeds) if result is not None]
    if not found:
        return "-"
    plain = [result["test"][key] for result in found]
    tuned = [result["test"]["tuned"][key] for result in found]
    return " / ".join(runs.mean_and_spread(scores, digits=1) for scores in (plain, tuned))


def table():
    """The table as Markdown."""
    sets, methods = flags.FLAGS.sets or SETS, flags.FLAGS.methods or ROWS
    rows = [[method, *(cell(dataset, method) for dataset in sets)] for method in methods]
    return runs.markdown(["method", *sets], rows)


def main(argv):
    del argv
    print(table())


if __name__ == "__main__":
    app.run(main)
