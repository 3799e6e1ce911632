"""What Keras's logs show of training steps and evaluations."""

import keras
import tensorflow as tf

from alen_tf.objectives import oracles


class OracleValue(keras.metrics.Mean):
    """The mean oracle value of outputs decoded at 0.5; for F1 the example-averaged F1.

    Named like the oracle: logs call it f1 and val_f1.
    """

    def __init__(self, oracle, space):
        """Configures the metric.

        Args:
          oracle: the oracle or its name.
          space: the `OutputSpace` that decodes outputs.
        """
        super().__init__(name=oracles.name_of(oracle))
        self._direction = "up"  # where callbacks look for what is better
        self._value = oracles.get(oracle)
        self._space = space

    def update_state(self, y_true, y, sample_weight=None):
        """Adds examples: true and relaxed outputs, [batch, ...]."""
        decoded = tf.cast(self._space.decode(y), tf.float32)
        values = self._value(decoded, tf.cast(y_true, tf.float32))
        if len(values.shape) > 1:
            values = tf.reduce_mean(values, axis=list(range(1, len(values.shape))))
        return super().update_state(values, sample_weight)


class StepMeans(keras.metrics.Metric):
    """Means of named scalars over steps, in one variable: an update costs one addition.

    Attributes:
      names: of the scalars, once there are any.
    """

    def __init__(self, name):
        super().__init__(name=name)
        self.names = []

    def update_state(self, scalars):
        """Adds a step's scalars, {name: scalar}."""
        if not self.names:
            self.names = list(scalars)
            with tf.init_scope():
                self._sums = self.add_variable([len(scalars) + 1], "zeros", name="sums")
        self._sums.assign_add(tf.stack([*scalars.values(), 1.0]))

    def result(self):
        """The means, {name: scalar}."""
        if not self.names:
            return {}
        sums = tf.convert_to_tensor(self._sums)
        means = tf.unstack(tf.math.divide_no_nan(sums[:-1], sums[-1]))
        return dict(zip(self.names, means, strict=True))
