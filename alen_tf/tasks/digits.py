"""Digit completion as a task: multi-label classification of pixels, with pictures."""

import gin
import numpy as np

from alen_tf.datasets.digits import digits
from alen_tf.objectives import oracles
from alen_tf.tasks import rows_of_images
from alen_tf.tasks.multilabel import MultiLabel

SHOWN = 12
HIDDEN = (0.69, 0.77, 0.87)  # light steel blue: what the model does not see


@gin.register
class DigitsCompletion(MultiLabel):
    """Predicts the bottom half of a digit from its top half; see `alen_tf.datasets.digits`."""

    def __init__(self, oracle=oracles.f1):
        super().__init__(dataset=digits, oracle=oracle)

    def pictures(self, x, path, y_true):
        """Digits as rows of one figure: input, completed by g alone, after refinement, and the
        truth."""
        top = painted(x[:SHOWN].reshape(-1, 4, 8) / 16.0)
        rows = {
            "input": np.full(top.shape, HIDDEN),
            "g(x) alone": painted(path[0][:SHOWN].reshape(-1, 4, 8)),
            "refined": painted(path[-1][:SHOWN].reshape(-1, 4, 8)),
            "truth": painted(y_true[:SHOWN].reshape(-1, 4, 8)),
        }
        rows = {name: np.concatenate([top, bottom], axis=1) for name, bottom in rows.items()}
        figure, axes, tops = rows_of_images.figure(rows, size=0.62)
        for first in tops:
            axes.axhline(first + 3.5, color="tab:orange", linewidth=0.8)
        return {"digits": figure}


def painted(y):
    """Numbers in [0, 1] as shades of grey, [..., 3]."""
    return np.repeat(np.asarray(y, np.float64)[..., None], 3, axis=-1)
