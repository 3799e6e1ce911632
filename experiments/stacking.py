"""What the parts of a cross-fitted model are worth: python -m experiments.stacking.

The same fitted classifiers, combined and decoded step by step: the mean of their probabilities, at
its best out-of-fold threshold and by the highest expected F1 after Platt's scaling; the stack, by
the highest expected F1; and refinement on the energy, as `ALENClassifier` predicts. Test rows are
read once.
"""

import functools

import numpy as np
from absl import app, flags

from experiments import cross_fitted, runs

NAME = "stacking"
SETS = ("emotions", "scene", "yeast", "slashdot", "langlog", "digits", "bibtex_300", "bibtex_1000")
SEEDS = (0, 1, 2)
WAYS = ("mean, threshold", "mean, expected F1", "stack, expected F1", "ALEN")


def measure(name, seed):
    """The record of a set and a seed."""
    from alen_tf.cross_fitting import cross_fitted as ours
    from alen_tf.cross_fitting.calibration import Stacking, logits, sigmoid
    from alen_tf.cross_fitting.refined import THRESHOLDS
    from alen_tf.inference import expected_f1
    from alen_tf.objectives.metrics import example_f1

    x, y, test_x, test_y = cross_fitted.load(name)
    made = {}

    def keep(classifier, fit):
        return made.setdefault(classifier, fit())

    model = ours.CrossFitted(ours.chosen("auto", x, y, seed), x, y, seed=seed, keep=keep)
    out_of_fold = np.mean([marginals for marginals, _ in made.values()], axis=0)
    p = np.mean([fitted(test_x) for _, fitted in made.values()], axis=0)
    threshold = max(THRESHOLDS, key=lambda each: example_f1(out_of_fold >= each, y))
    platt = Stacking(logits(out_of_fold, len(y))[None], y)
    scaled = sigmoid(platt(logits(p, len(y))[None]))
    sets = {
        "mean, threshold": p >= threshold,
        "mean, expected F1": expected_f1.decode(scaled, model.refined.allow_empty)[0],
        "stack, expected F1": model.refined.sets(model.logits(test_x), "expected_f1"),
        "ALEN": model.labels(test_x),
    }
    f1 = {way: example_f1(each, test_y) for way, each in sets.items()}
    print(name, seed, {way: round(100 * each, 2) for way, each in f1.items()}, flush=True)
    return {"set": name, "seed": seed, "members": list(made), "f1": f1}


def table():
    """Test F1 by combination and decoding, as Markdown."""
    lines = []
    for name in flags.FLAGS.sets or SETS:
        found = []
        for seed in map(int, flags.FLAGS.seeds or SEEDS):
            command = runs.line("experiments.stacking", [f"--sets={name}", f"--seeds={seed}"])
            found.append(runs.measured(NAME, command, functools.partial(measure, name, seed)))
        if found := [each for each in found if each]:
            cells = [runs.mean_and_spread([each["f1"][way] for each in found]) for way in WAYS]
            ahead = [each["f1"]["ALEN"] - each["f1"]["mean, expected F1"] for each in found]
            lines.append([f"{name}, {len(found)}", *cells, f"{100 * np.mean(ahead):+.2f}"])
    return runs.markdown(["set, seeds", *WAYS, "ALEN - mean, expected F1"], lines)


def main(argv):
    del argv
    print(table())


if __name__ == "__main__":
    app.run(main)
