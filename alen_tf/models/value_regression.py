"""What methods share whose energy is a regression on oracle values."""

import tensorflow as tf

from alen_tf.errors import ConfigError
from alen_tf.models.learner import Learner


class ValueRegression(Learner):
    """A learner with v(x, y) = sigmoid(score) in (0, 1), trained to equal h(y, y*)."""

    def build_networks(self, x, y, total_steps):
        """Builds them; see `Learner`.

        Raises:
          ConfigError: v has a value per place of an image and h one per image, or the reverse.
        """
        super().build_networks(x, y, total_steps)
        score, value = self.energy.score(self.energy.encode(x), y), self.oracle(y, y)
        if score.shape != value.shape:
            raise ConfigError(
                f"{type(self.energy).__name__} scores {_what(score)}, but the oracle values "
                f"{_what(value)}; @agreement and @local_iou value every place, all others the whole"
            )

    def bound(self, score):
        """Values v = sigmoid(score), in (0, 1)."""
        return tf.sigmoid(score)

    def log_bound(self, score):
        return tf.math.log_sigmoid(score)

    def confidence(self, x, y):
        z = self.energy.encode(self.views.split(self.standardization(x)))
        return self.views.mean(self.value(z, self.views.split(y)))


def _what(values):
    return "every place of an image" if len(values.shape) > 1 else "an example as a whole"
