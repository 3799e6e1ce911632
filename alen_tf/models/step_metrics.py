"""What Keras's logs show of training steps and evaluations."""

import keras
import tensorflow as tf

from alen_tf.models.batch import only_counted, per_example
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
        """Adds examples: true and relaxed outputs, [batch, ...]. Values are of outputs whose truth
        is not NaN, and of examples that have one."""
        y_true = tf.cast(y_true, tf.float32)
        missing = tf.math.is_nan(y_true)
        counted = tf.cast(~missing, tf.float32)
        decoded = only_counted(tf.cast(self._space.decode(y), tf.float32), counted)
        values = per_example(self._value(decoded, tf.where(missing, 0.0, y_true)), counted)
        weight = tf.reduce_max(counted, axis=list(range(1, len(counted.shape))))
        if sample_weight is not None:
            weight *= tf.cast(sample_weight, tf.float32)
        return super().update_state(values, weight)


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
