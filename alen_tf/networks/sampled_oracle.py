"""An energy whose value is the expected oracle value of y where labels depend on each other."""

import gin
import tensorflow as tf

from alen_tf.configured import named, register
from alen_tf.errors import check_count
from alen_tf.networks.conditionals import Conditionals
from alen_tf.networks.energy import Energy

# What a value of 0 or 1 is moved to before its logit is taken.
_MARGIN = 1e-4
# Oracle values of y and a label set, from |y n set|, sum_i y_i + sum_i set_i and |y u set|.
VALUES = {
    "f1": lambda both, total, either: 2.0 * both / total,
    "iou": lambda both, total, either: both / either,
}


@gin.register
@register
class SampledOracle(Energy):
    """v(l, y) = 1/S sum_s h(y, y_s), the mean oracle value of y to label sets y_s ~ P(y | x).

    Sets are drawn label by label, in an order of their own each, from `Conditionals`, which see x
    through an inference network's logits l. So v is the expected oracle value of y under a joint
    distribution of labels, and an energy that does not see x itself cannot learn by heart which
    label sets belong to which row. All rows share the random numbers: the sets of a row do not
    depend on the rows beside it. Not in the paper.
    """

    sees = "logits"

    def __init__(self, conditionals=None, samples=200, most=40, oracle="f1", seed=0, name="energy"):
        """Configures the network.

        Args:
          conditionals: the `Conditionals`.
          samples: number of label sets S for each row.
          most: number of labels of a row, its most probable ones, that are drawn. All others are
            taken to be absent.
          oracle: h, "f1" or "iou".
          seed: of the random numbers.
          name: name of the model.

        Raises:
          ConfigError: a setting is out of its range.
        """
        check_count("SampledOracle.samples", samples)
        check_count("SampledOracle.most", most)
        super().__init__(name=name, dtype="float32")
        self.conditionals = conditionals or Conditionals()
        self.samples = samples
        self.most = most
        self.oracle = oracle
        self.oracle_value = named(VALUES, oracle, "oracle")
        self.seed = seed

    def make_layers(self, input_shape):
        if not self.conditionals.built:  # which a loaded model's are
            self.conditionals.build(input_shape[1])

    def random_numbers(self, most):
        """What label sets of all rows are drawn with: orders of `most` labels, [samples, most], and
        uniform numbers, [most, samples], of which every draw has one in each 1/S of [0, 1] (Latin
        hypercube sampling; McKay, Beckman & Conover, Technometrics 1979)."""
        seeds = tf.unstack(tf.random.split([self.seed, 0], 3))
        order = tf.argsort(tf.random.stateless_uniform([self.samples, most], seeds[0]), axis=1)
        stratum = tf.argsort(tf.random.stateless_uniform([most, self.samples], seeds[1]), axis=1)
        place = tf.random.stateless_uniform([most, self.samples], seeds[2])
        return order, (tf.cast(stratum, tf.float32) + place) / self.samples

    def encode(self, x, known=None, training=False):
        """Label sets of rows with logits x, in {0, 1}, [batch, samples, labels]; `known` as in
        `Conditionals`."""
        del training
        of, labels = self.conditionals, x.shape[-1]
        most = min(self.most, labels)
        known = tf.fill(tf.shape(x), float("nan")) if known is None else known
        unknown = tf.math.is_nan(known)
        # Drawn one by one: the most probable of a row's unknown labels.
        chosen = tf.math.top_k(tf.where(unknown, x, x - 1e6), most).indices  # [batch, most]
        one_hot = tf.one_hot(chosen, labels)
        drawn = unknown & (tf.reduce_sum(one_hot, axis=1) > 0.0)
        given = tf.where(drawn, float("nan"), tf.where(unknown, 0.0, known))
        before = of.hidden(x)
        hidden = tf.repeat((before + of.change(given))[:, None], self.samples, axis=1)
        start = x - tf.matmul(tf.nn.relu(before), of.output_kernel, transpose_b=True)
        none = tf.zeros_like(of.of_negative[:1])  # the change by a label that is known already
        changes = tf.concat([of.of_negative, of.of_positive, none], axis=0)
        order, uniform = self.random_numbers(most)

        def draw(step, hidden, values):
            label = tf.gather(chosen, order[:, step], axis=1)  # [batch, samples]
            change = tf.reduce_sum(tf.nn.relu(hidden) * tf.gather(of.output_kernel, label), axis=-1)
            logit = tf.gather(start, label, batch_dims=1) + change
            value = tf.cast(uniform[step] < tf.sigmoid(logit), tf.int32)
            new = tf.gather(drawn, label, batch_dims=1)
            hidden += tf.gather(changes, tf.where(new, label + labels * value, 2 * labels))
            return step + 1, hidden, values.write(step, tf.cast(value, tf.float32))

        values = tf.TensorArray(tf.float32, most, element_shape=[None, self.samples])
        _, _, values = tf.while_loop(
            lambda step, *_: step < most, draw, (tf.constant(0), hidden, values)
        )
        # From the order of draws to that of labels.
        ranked = tf.gather(
            tf.transpose(values.stack(), [2, 0, 1]), tf.argsort(order, axis=1), batch_dims=1
        )
        found = tf.einsum("smb,bml->bsl", ranked, one_hot)
        return tf.where(drawn[:, None], found, given[:, None])

    def score(self, z, y):
        both = tf.linalg.matvec(z, y)  # |y n y_s|, [batch, samples]
        total = tf.reduce_sum(z, axis=-1) + tf.reduce_sum(y, axis=-1, keepdims=True)
        value = tf.where(
            total == 0.0,
            1.0,
            self.oracle_value(both, tf.maximum(total, 1e-7), tf.maximum(total - both, 1e-7)),
        )
        value = tf.clip_by_value(tf.reduce_mean(value, axis=-1), _MARGIN, 1.0 - _MARGIN)
        return tf.math.log(value) - tf.math.log1p(-value)
