"""Single documents of Bibtex while they are refined: python -m experiments.convergence.

The first test documents whose tags refinement changes, under the ALEN of `calibration`.
Writes docs/convergence.png.
"""

from absl import app, flags

from experiments import calibration, runs

STEPS = 12
SHOWN = 6
NAMED = 0.2  # tags that get no further than this have no name in the figure


def follow(workdir):
    """(values v(x, y(t)) [steps + 1, documents], relaxed outputs [steps + 1, documents, tags], true
    tags [documents, tags], names of tags)."""
    import numpy as np

    from alen_tf.serving import trained

    _, splits, model = trained.restore(workdir, flags.FLAGS.manual_dir, flags.FLAGS.data_dir)
    path = model.refine(splits.test.x, STEPS)
    configured = model.prediction.steps
    changed = np.any((path[0] >= 0.5) != (path[configured] >= 0.5), axis=1)
    rows = np.flatnonzero(changed)[:SHOWN]
    values = [model.value(splits.test.x[rows], y) for y in path[:, rows]]
    return np.stack(values), path[:, rows], splits.test.y[rows], splits.label_names


def draw(values, path, y_true, names):
    """A panel per document: its outputs, true tags in colour, and the value of all of them."""
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(
        2, SHOWN // 2, figsize=(9, 5.6), sharex=True, sharey=True, layout="constrained"
    )
    for document, axes in enumerate(panels.flat):
        axes.plot(values[:, document], color="black", linestyle="--", linewidth=1.2)
        outputs, true = path[:, document], y_true[document].astype(bool)
        ends = {}  # where names stand at the right: at most one per height
        for tag in outputs.max(axis=0).argsort()[::-1]:
            if outputs[:, tag].max() < NAMED and not true[tag]:
                break
            colour = "tab:green" if true[tag] else "tab:red"
            axes.plot(outputs[:, tag], color=colour, linewidth=1.2)
            ends.setdefault(round(float(outputs[-1, tag]) * 10), []).append((tag, colour))
        for height, tags in ends.items():
            for line, (tag, colour) in enumerate(tags):
                offset = line if height < 5 else -line
                axes.annotate(
                    names[tag].removeprefix("TAG_"),
                    (STEPS + 0.3, height / 10 + 0.07 * offset),
                    color=colour,
                    fontsize=7,
                    va="center",
                )
        axes.set(xlim=(0, STEPS * 1.6), ylim=(-0.05, 1.05), xticks=range(0, STEPS + 1, 3))
        axes.grid(alpha=0.3)
    figure.supxlabel("inference step; y(0) is the inference network's output", fontsize=9)
    figure.supylabel("relaxed outputs: true tags green, others red; dashed: v(x, y)", fontsize=9)
    return figure


def main(argv):
    del argv
    workdir = runs.trained_workdir(calibration.NAME, calibration.RUN)
    runs.save(draw(*follow(workdir)), "convergence")


if __name__ == "__main__":
    app.run(main)
