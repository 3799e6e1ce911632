"""Why a label set was chosen: what each label adds to the score, and which labels support each
other."""

import dataclasses

import numpy as np
import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Explanation:
    """Terms of the score s(x, y) of a label set y, with v(x, y) = sigmoid(s).

    Attributes:
      label_names: a name per label.
      labels: y, [labels].
      local: y_i's own term F_i(x), whether y has the label or not, [labels].
      context: how much label i raises the global term, given the other labels of y, [labels]. The
        score with the label minus the score without it is local + context.
      pull: how much more a label raises the global term if another one is present, given the rest
        of y, [labels, labels]; symmetric, with zeros on the diagonal.
    """

    label_names: tuple[str, ...]
    labels: np.ndarray
    local: np.ndarray
    context: np.ndarray
    pull: np.ndarray

    def pairs(self, count=10):
        """The `count` pairs of labels with the strongest pull: [(name, name, pull)]."""
        first, second = np.triu_indices(len(self.label_names), k=1)
        strongest = np.argsort(-self.pull[first, second], kind="stable")[:count]
        return [
            (self.label_names[i], self.label_names[j], float(self.pull[i, j]))
            for i, j in zip(first[strongest], second[strongest], strict=True)
        ]


def explain(trained, x, y, known=None):
    """The `Explanation` of the label set `y`, [labels], of a row `x`, [features].

    Args:
      trained: a `TrainedModel` whose energy network is an `MLPEnergy`.
      x: the row, not standardised.
      y: a label set in {0, 1}.
      known: labels in {0, 1} where they are known and NaN elsewhere, [labels].
    """
    if known is not None:
        known = tf.constant(known[None], tf.float32)
    energy = trained.model.energy
    local = energy.encode(trained.model.prepare(tf.constant(x[None]), known))[0].numpy()
    hidden, output = energy.global_kernels
    y = np.asarray(y, np.float64)
    without = (y @ hidden - y[:, None] * hidden)[:, None]  # [labels, 1, units]: y without label i

    def term(units):
        return np.logaddexp(0.0, units) @ output

    one = term(without + hidden[:, None])[:, 0] - term(without)[:, 0]
    neither = without - y[:, None] * hidden  # [labels, labels, units]: without labels i and j
    rows, columns = hidden[:, None], hidden[None]
    pull = (term(neither + rows + columns) - term(neither + rows) - term(neither + columns)) + term(
        neither
    )
    np.fill_diagonal(pull, 0.0)
    return Explanation(trained.signature.label_names, y.astype(np.uint8), local, one, pull)
