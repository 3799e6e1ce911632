"""Single documents of Bibtex while they are refined: python -m experiments.convergence.

The first test documents whose tags refinement changes, under the ALEN of `calibration`.
Writes docs/convergence.png.
"""

from absl import app, flags

from experiments import calibration, runs, style

STEPS = 12
SHOWN = 6
LINE = 0.06  # height of a name
NAMED = 0.2  # tags that stay below this are not named in the figure


def follow(workdir):
    """(values v(x, y(t)) [steps + 1, documents], relaxed outputs [steps + 1, documents, tags], true
    tags [documents, tags], names of tags, configured number of steps)."""
    import numpy as np

    from alen_tf.serving import trained

    _, splits, model = trained.restore(workdir, flags.FLAGS.manual_dir, flags.FLAGS.data_dir)
    path = model.refine(splits.test.x, STEPS)
    configured = model.prediction.steps
    changed = np.any((path[0] >= 0.5) != (path[configured] >= 0.5), axis=1)
    rows = np.flatnonzero(changed)[:SHOWN]
    values = [model.value(splits.test.x[rows], y) for y in path[:, rows]]
    return np.stack(values), path[:, rows], splits.test.y[rows], splits.label_names, configured


def apart(heights):
    """Heights in descending order, moved as little as possible to keep them `LINE` apart."""
    moved = []
    for height in heights:
        moved.append(min(height, moved[-1] - LINE) if moved else height)
    for above in reversed(range(len(moved))):  # move up again if there is no room at the bottom
        below = moved[above + 1] + LINE if above + 1 < len(moved) else 0.0
        moved[above] = max(moved[above], below)
    return moved


def draw(values, path, y_true, names, configured):
    """A panel per document: its outputs, true tags in colour, and the value of all of them."""
    import matplotlib.pyplot as plt

    style.apply()
    figure, panels = plt.subplots(2, SHOWN // 2, figsize=(9, 5.6), sharex=True, sharey=True)
    for document, axes in enumerate(panels.flat):
        axes.plot(values[:, document], color="black", linestyle="--", linewidth=1.2)
        outputs, true = path[:, document], y_true[document].astype(bool)
        named = {}  # tags with a name at the right, where their outputs end
        for tag in outputs.max(axis=0).argsort()[::-1]:
            if outputs[:, tag].max() < NAMED and not true[tag]:
                break
            colour = style.COLOURS[0 if true[tag] else 1]
            width = 2.2 if true[tag] else 1.0
            axes.plot(outputs[:, tag], color=colour, linewidth=width)
            named[tag] = (float(outputs[-1, tag]), colour)
        named = dict(sorted(named.items(), key=lambda item: -item[1][0]))
        heights = apart([end for end, _ in named.values()])
        for (tag, (_, colour)), height in zip(named.items(), heights, strict=True):
            place = (STEPS + 0.3, height)
            name = names[tag].removeprefix("TAG_")
            axes.annotate(name, place, color=colour, fontsize=7, va="center")
        axes.axvline(configured, color="grey", linewidth=0.8, linestyle=":")
        axes.set(xlim=(0, STEPS * 1.75), ylim=(-0.05, 1.05), xticks=range(0, STEPS + 1, 3))
    figure.supxlabel(
        "inference step; y(0) is the inference network's output; dotted: the configured number",
        fontsize=9,
    )
    figure.supylabel(
        "relaxed outputs: true tags bold blue, others orange; dashed: v(x, y)", fontsize=9
    )
    return figure


def main(argv):
    del argv
    workdir = runs.trained_workdir(calibration.NAME, calibration.RUN)
    runs.save(draw(*follow(workdir)), "convergence")


if __name__ == "__main__":
    app.run(main)
