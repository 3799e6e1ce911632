"""Bibtex with some tags known beforehand: python -m experiments.partial_labels.

A tenth of each test document's tags, drawn at random, is asked for, and a share of all its tags is
given, from those that are not asked: whether the document has them or not. Tenths take turns, so
that every tag is asked for once, and all shares are judged on the same tags. F1 rises as ascent
refines the others around what is known; the inference network cannot use it. Writes
docs/partial_labels.png.
"""

import json

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
    """F1 on the tags that are asked for by share of known ones, for each of `LABELS`, at the
    thresholds that are best on validation without known tags."""
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
        rows = (y & asked).any(axis=1)  # the others have nothing to find
        for share, *lists in zip(SHARES, *scores.values(), strict=True):
            around = refined(x[rows], known=np.where(turned < share, y, np.nan)[rows]).labels
            for found, labels in zip(lists, (around, blind[rows], first[rows]), strict=True):
                found.extend(f1_of_examples(labels & asked[rows], (y & asked)[rows]))
    return {name: [float(np.mean(found)) for found in lists] for name, lists in scores.items()}


def draw(curves):
    """The figure of all curves."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5, 3.4), layout="constrained")
    for index, (name, label) in enumerate(LABELS.items()):
        look = {"color": style.COLOURS[index], "marker": style.MARKERS[index]}
        axes.plot([100 * share for share in SHARES], curves[name], label=label, **look)
    axes.set(
        xlabel="tags known beforehand, %",
        ylabel="example F1 on the tags asked for",
        xlim=(-3, 100),
        ylim=(0, 1.1 * max(map(max, curves.values()))),
    )
    axes.grid(alpha=0.3)
    axes.legend()
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
    print(table())
    runs.save(draw(runs.recorded(NAME)[RUN.command]["example_f1"]), NAME)


if __name__ == "__main__":
    app.run(main)
