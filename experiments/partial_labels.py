"""Bibtex with some tags known beforehand: python -m experiments.partial_labels.

The task is to predict a random tenth of each test document's tags, given a share of the other tags:
whether the document has them or not. Tenths take turns, so that every tag is predicted once, and
all shares are scored on the same tags. F1 rises as ascent refines the outputs around known tags,
which the inference network cannot use. Writes docs/partial_labels.png.
"""

import json
import sys

from absl import app, flags

from experiments import calibration, runs, style

NAME = "partial_labels"
RUN = calibration.RUN
SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9)
TENTHS = 10
LABELS = {
    "refined": "refined around the known tags",
    "blind": "refined without them",
    "inference_network": "inference network",
}


def measure(workdir):
    """F1 on the predicted tags by share of known tags, for each of `LABELS`, at the thresholds that
    are best on validation without known tags."""
    import numpy as np

    from alen_tf.evaluation.signature import Signature
    from alen_tf.evaluation.trained_model import TrainedModel
    from alen_tf.objectives.metrics import f1_of_examples
    from alen_tf.serving import trained

    _, splits, model = trained.restore(workdir, flags.FLAGS.manual_dir, flags.FLAGS.data_dir)
    tuned = json.loads((workdir / "results.json").read_text())["validation"]["tuned"]
    refined = TrainedModel(model, Signature.of(splits, tuned["threshold"]))
    alone = TrainedModel(model, Signature.of(splits, tuned["inference_network_threshold"]))
    x, y = splits.test.x, splits.test.y
    blind, first = refined(x).labels, alone(x, steps=0).labels
    # A random order of each document's tags, in [0, 1): tenths of it take turns at the end.
    order = np.random.RandomState(0).rand(*y.shape).argsort(axis=1) / y.shape[1]
    scores = {name: [[] for _ in SHARES] for name in LABELS}
    for tenth in range(TENTHS):
        turned = (order + tenth / TENTHS) % 1.0
        asked = turned >= 1.0 - 1.0 / TENTHS
        rows = (y & asked).any(axis=1)  # the others have no tag to find
        for share, *lists in zip(SHARES, *scores.values(), strict=True):
            around = refined(x[rows], known=np.where(turned < share, y, np.nan)[rows]).labels
            for found, labels in zip(lists, (around, blind[rows], first[rows]), strict=True):
                found.extend(f1_of_examples(labels & asked[rows], (y & asked)[rows]))
    return {name: [float(np.mean(found)) for found in lists] for name, lists in scores.items()}


def draw(curves):
    """The figure of all curves."""
    import matplotlib.pyplot as plt

    style.apply()
    figure, axes = plt.subplots(figsize=(6, 4))
    for index, (name, label) in enumerate(LABELS.items()):
        percent = [100 * f1 for f1 in curves[name]]
        axes.plot([100 * share for share in SHARES], percent, label=label, **style.look(index))
    axes.set(
        xlabel="known tags (%)",
        ylabel="test F1 on the predicted tags (%)",
        xlim=(-3, 100),
        ylim=(0, 110 * max(map(max, curves.values()))),
        title="Bibtex, one seed",
    )
    axes.legend(loc="lower right")
    return figure


def table():
    """The curves as Markdown, in percent."""
    curves = runs.recorded(NAME)[RUN.command]["example_f1"]
    header = ["tags known", *LABELS.values()]
    rows = [
        [f"{share:.0%}", *(f"{100 * curves[name][i]:.2f}" for name in LABELS)]
        for i, share in enumerate(SHARES)
    ]
    return runs.markdown(header, rows)


def main(argv):
    del argv
    if RUN.command not in runs.recorded(NAME) and flags.FLAGS.run:
        curves = measure(runs.trained_workdir(calibration.NAME, RUN))
        runs.record(NAME, {"command": RUN.command, "shares": SHARES, "example_f1": curves})
    elif RUN.command not in runs.recorded(NAME):
        sys.exit(f"{RUN.command} is not recorded: leave out --norun")
    print(table())
    runs.save(draw(runs.recorded(NAME)[RUN.command]["example_f1"]), NAME)


if __name__ == "__main__":
    app.run(main)
