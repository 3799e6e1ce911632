"""Digit completion as a task: multi-label classification of pixels, with pictures."""

import gin
import numpy as np

from alen_tf.datasets.digits import digits
from alen_tf.objectives import oracles
from alen_tf.tasks.multilabel import MultiLabel

SHOWN = 12


@gin.register
class DigitsCompletion(MultiLabel):
    """Predicts the bottom half of a digit from its top half; see `alen_tf.datasets.digits`."""

    def __init__(self, oracle=oracles.f1):
        super().__init__(dataset=digits, oracle=oracle)

    def pictures(self, x, path, y_true):
        """Digits as rows of one figure: input, completed by g alone, after refinement, and the
        truth."""
        import matplotlib.pyplot as plt

        top = x[:SHOWN].reshape(-1, 4, 8) / 16.0
        rows = {
            "input": np.full((len(top), 4, 8), np.nan),
            "g(x) alone": path[0][:SHOWN],
            "refined": path[-1][:SHOWN],
            "truth": y_true[:SHOWN],
        }
        figure, axes = plt.subplots(
            len(rows),
            len(top),
            figsize=(0.62 * len(top) + 0.8, 0.62 * len(rows)),
            layout="constrained",
        )
        colours = plt.get_cmap("gray").with_extremes(bad="lightsteelblue")
        for row, (name, bottom) in zip(axes, rows.items(), strict=True):
            images = np.concatenate([top, bottom.reshape(-1, 4, 8)], axis=1)
            for axis, image in zip(row, images, strict=True):
                axis.imshow(image, cmap=colours, vmin=0, vmax=1)
                axis.set(xticks=[], yticks=[])
                axis.axhline(3.5, color="tab:orange", linewidth=0.8)
            row[0].set_ylabel(name, rotation=0, ha="right", va="center")
        return {"digits": figure}
