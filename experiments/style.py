"""How figures look: one set of Matplotlib settings, and curves with their spread.

The background is white and opaque, with a margin, so that figures can be read on light and on dark
pages. Colours are those that colour-blind people can tell apart (Okabe and Ito), and every colour
has its own marker.
"""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00")
MARKERS = ("o", "s", "^", "D", "v", "P")
BAND = 0.2  # opacity of a band of one standard deviation
SETTINGS = {
    "axes.edgecolor": "0.4",
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": "medium",
    "figure.constrained_layout.h_pad": 0.12,  # inches
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.12,
    "figure.facecolor": "white",
    "font.size": 10,
    "grid.alpha": 0.3,
    "legend.fontsize": 9,
    "legend.framealpha": 0.9,
    "lines.linewidth": 1.5,
    "lines.markersize": 5,
    "savefig.dpi": 120,
}


def apply():
    """Makes these settings Matplotlib's defaults, for all figures of this process."""
    import matplotlib.pyplot as plt

    plt.rcParams |= SETTINGS
    plt.rcParams["axes.prop_cycle"] = plt.cycler(color=COLOURS)


def look(index):
    """The colour and the marker of a figure's `index`-th curve, for `plot`."""
    return {"color": COLOURS[index], "marker": MARKERS[index]}


def curve(axes, index, x, values, label, marked=None):
    """Draws the mean over seeds, a band of one standard deviation, and a large marker.

    Args:
      axes: of Matplotlib.
      index: of the curve in the figure, which chooses its colour and its marker.
      x: [points].
      values: [seeds, points]; of one seed there is no band.
      label: of the curve.
      marked: the x of the large marker; none by default.
    """
    import numpy as np

    values = np.asarray(values)
    mean = values.mean(axis=0)
    axes.plot(x, mean, markersize=3, label=label, **look(index))
    if len(values) > 1:
        spread = values.std(axis=0, ddof=1)
        axes.fill_between(
            x, mean - spread, mean + spread, color=COLOURS[index], alpha=BAND, linewidth=0
        )
    if marked is not None:
        place = list(x).index(marked)
        axes.plot(x[place], mean[place], markersize=10, markerfacecolor="white", **look(index))


def panels(records, sets, curves, xlabel, ylabel, legend):
    """A figure with a panel for each set that has records, at most three in a row.

    Args:
      records: dictionaries with a "set" and a "seed".
      sets: names of sets, in order.
      curves: a function of a set's records that yields (x, values, label), see `curve`.
      xlabel, ylabel: of the axes; y, in percent, is drawn from 0 to 100.
      legend: its place in the first panel.
    """
    import matplotlib.pyplot as plt

    apply()
    names = [name for name in sets if any(each["set"] == name for each in records)]
    columns = min(len(names), 3)
    rows = -(-len(names) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(4.5 * columns, 4 * rows), sharey=True, squeeze=False
    )
    for place in axes.flat[len(names) :]:
        place.remove()
    for place, name in zip(axes.flat, names, strict=False):
        these = [each for each in records if each["set"] == name]
        for index, drawn in enumerate(curves(these)):
            curve(place, index, *drawn)
        place.set(xlabel=xlabel, ylim=(0, 100))
        place.set_title(f"{name}, {len(these)} seed{'s' * (len(these) > 1)}")
    for place in axes[:, 0]:
        place.set_ylabel(ylabel)
    axes[0, 0].legend(loc=legend)
    return figure
