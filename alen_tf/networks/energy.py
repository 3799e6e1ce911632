"""The contract of energy networks."""

from keras import ops

from alen_tf.networks.network import Network


class Energy(Network):
    """Scores how well an output `y` fits an input `x`.

    Subclasses implement `encode(x)`, which is everything that does not depend on y and is computed
    once per batch, and `score(z, y)`, the rest. A refinement step computes only `score` and its
    gradient. Scores are unbounded; methods that regress on an oracle value in [0, 1] use v =
    sigmoid(score).
    """

    def __init__(self, name="energy", dtype=None):
        super().__init__(name=name, dtype=dtype)

    def encode(self, x, training=False):
        """Encodes inputs [batch, ...] as `z`, a tensor or a structure of tensors with leading axis
        [batch]."""
        raise NotImplementedError

    def score(self, z, y):
        """Scores of outputs `y` [batch, ...] for encoded inputs `z`, [batch]."""
        raise NotImplementedError

    def call(self, inputs, training=False):
        """score(encode(x), y) for `inputs` = (x, y)."""
        x, y = inputs
        return self.score(self.encode(x, training=training), y)


def matrix_score(y, scores):
    """Scores of every pixel from a matrix of scores of every class: sum_k (y_pk - 1/K) F_pk.

    The uninformed output scores 0 everywhere, and a pixel's score is linear in its own y_p given F:
    the slope of sigmoid(score) has the direction of F_p, however crisp y_p is. Scores that are
    arbitrary functions of y_p learn instead that crisp outputs are right, and refinement then moves
    no output.

    Args:
      y: outputs, [batch, height, width, outputs].
      scores: F(x, y), shaped like `y`.

    Returns:
      [batch, height, width].
    """
    classes = max(2, y.shape[-1])  # a mask's only output stands for two classes
    return ops.sum((y - 1.0 / classes) * scores, axis=-1)
