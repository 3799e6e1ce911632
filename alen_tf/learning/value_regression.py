"""What methods share whose energy is a regression on oracle values."""

import tensorflow as tf

from alen_tf.learning.learner import Learner


class ValueRegression(Learner):
    """A learner with v(x, y) = sigmoid(score) in (0, 1), trained to equal h(y, y*)."""

    def bound(self, score):
        """Values v = sigmoid(score), in (0, 1)."""
        return tf.sigmoid(score)

    def log_bound(self, score):
        return tf.math.log_sigmoid(score)

    def confidence(self, x, y):
        z = self.energy.encode(self.views.split(self.standardization(x)))
        return self.views.mean(self.value(z, self.views.split(y)))
