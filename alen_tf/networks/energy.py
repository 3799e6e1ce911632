"""The contract of energy networks."""

import keras


class Energy(keras.Model):
    """Scores how well an output `y` fits an input `x`.

    Subclasses implement `encode(x)`, everything that does not depend on y and is computed once per
    batch, and `score(z, y)`, the rest: a refinement step pays only for `score` and its gradient.
    Scores are unbounded; learners that regress on an oracle value in [0, 1] use v = sigmoid(score).
    """

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
