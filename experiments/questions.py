"""Which label of a row to ask for next: python -m experiments.questions.

Asks for labels of every test row, one at a time, and predicts the set again after each answer: the
label that `ALENClassifier.suggest` ranks first, the least certain one (highest entropy of its
marginal given the answers so far), or one at random. F1 counts all labels, asked ones included.
Prints a table, and writes docs/questions.png.
"""

import functools

import numpy as np
from absl import app, flags

from experiments import cross_fitted, runs, style

NAME, SETS, SEEDS, QUESTIONS = "questions", ("yeast", "emotions"), (0, 1, 2), 5
METHODS = ("expected gain", "entropy", "at random")


def wishes(model, method, x, known, random):
    """How much a method wants to know each label, [rows, labels]."""
    if method == "expected gain":
        return np.nan_to_num(model.suggest(x, known), nan=-1.0)  # labels it did not consider
    if method == "entropy":
        p = model.predict_proba(x, known)
        return np.minimum(p, 1.0 - p)  # rises with the entropy
    return random.rand(*known.shape)


def asked(model, x, y, method, seed):
    """F1 of test rows after 0, 1, ..., `QUESTIONS` questions, [questions + 1]."""
    from alen_tf.objectives.metrics import example_f1

    known, random, rows = np.full(y.shape, np.nan), np.random.RandomState(seed), np.arange(len(y))
    found = [example_f1(model.predict(x), y)]
    for _ in range(QUESTIONS):
        wanted = np.where(np.isnan(known), wishes(model, method, x, known, random), -np.inf)
        label = wanted.argmax(axis=1)
        known[rows, label] = y[rows, label]
        found.append(example_f1(model.predict(x, known), y))
    return found


def measure(name, seed):
    """The record of a set and a seed."""
    from alen_tf import ALENClassifier

    x, y, test_x, test_y = cross_fitted.load(name)
    model = ALENClassifier(random_state=seed).fit(x, y)
    f1 = {method: asked(model, test_x, test_y, method, seed) for method in METHODS}
    print(name, seed, {k: [round(100 * each, 1) for each in v] for k, v in f1.items()}, flush=True)
    return {"set": name, "seed": seed, "f1": f1}


def results(name):
    """The records of a set; see `runs.measured`."""
    found = []
    for seed in map(int, flags.FLAGS.seeds or SEEDS):
        command = runs.line("experiments.questions", [f"--sets={name}", f"--seeds={seed}"])
        found.append(runs.measured(NAME, command, functools.partial(measure, name, seed)))
    return [each for each in found if each]


def table():
    """Test F1 by the number of questions, as Markdown."""
    lines = []
    for name in flags.FLAGS.sets or SETS:
        if found := results(name):
            for method in METHODS:
                by_count = zip(*(each["f1"][method] for each in found), strict=True)
                cells = [runs.mean_and_spread(each) for each in by_count]
                lines.append([f"{name}, {len(found)}", method, *cells])
    header = ["set, seeds", "asked by", *(f"{count} asked" for count in range(QUESTIONS + 1))]
    return runs.markdown(header, lines)


def draw():
    """F1 by the number of questions, a panel per recorded set."""

    def curves(records):
        for method in METHODS:
            f1 = 100 * np.array([each["f1"][method] for each in records])
            yield range(QUESTIONS + 1), f1, method

    return style.panels(
        runs.recorded(NAME).values(),
        SETS,
        curves,
        "labels asked for",
        "F1 of the whole label set (%)",
        "lower right",
    )


def main(argv):
    del argv
    runs.show(NAME, table, draw)


if __name__ == "__main__":
    app.run(main)
