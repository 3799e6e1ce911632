"""How figures look: colours that colour-blind people tell apart (Okabe and Ito), and markers."""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000")
MARKERS = ("o", "s", "^", "D", "v")
BAND = 0.2  # opacity of a band of one standard deviation


def curve(axes, index, x, values, label, marked=None):
    """Draws the mean over seeds, a band of one standard deviation, and a large marker.

    Args:
      axes: of Matplotlib.
      index: of the curve in the figure, which chooses its colour and its marker.
      x: [points].
      values: [seeds, points].
      label: of the curve.
      marked: the x of the large marker; none by default.
    """
    import numpy as np

    values = np.asarray(values)
    mean, spread = values.mean(axis=0), values.std(axis=0, ddof=1)
    look = {"color": COLOURS[index], "marker": MARKERS[index]}
    axes.plot(x, mean, markersize=3, linewidth=1.3, label=label, **look)
    axes.fill_between(
        x, mean - spread, mean + spread, color=COLOURS[index], alpha=BAND, linewidth=0
    )
    if marked is not None:
        place = list(x).index(marked)
        axes.plot(x[place], mean[place], markersize=10, markerfacecolor="white", **look)
