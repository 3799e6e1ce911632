"""An energy whose value is the expected oracle value of y for dependent labels."""

from typing import NamedTuple

import gin
import tensorflow as tf

from alen_tf.configured import named, register
from alen_tf.errors import check_count
from alen_tf.networks.conditionals import Conditionals
from alen_tf.networks.energy import Energy
from alen_tf.networks.independent_f1 import IndependentF1

# Values are kept this far from 0 and 1 before the logit.
_MARGIN = 1e-4
# Oracle values of y and a label set, from |y n set|, sum_i y_i + sum_i set_i and |y u set|.
VALUES = {
    "f1": lambda both, total, either: 2.0 * both / total,
    "iou": lambda both, total, either: both / either,
}


@gin.register
@register
class SampledOracle(Energy):
    """v(l, y), the expected oracle value of y under a joint distribution P(y | x) of labels.

    v(l, y) = E[h(y, Y')] + 1/S sum_s (h(y, y_s) - h(y, y'_s)): label sets y_s ~ P(y | x) are drawn
    label by label, each in its own order, from `Conditionals`, which see x through an inference
    network's logits l. Sets y'_s are drawn with the same random numbers from the marginals alone,
    as if labels were independent; for F1 their expectation is known exactly (a control variate;
    Hammersley & Handscomb, 1964). So sampling noise enters only where labels depend on each other.
    For other oracle values v is the mean of h(y, y_s). Because the energy does not see x itself, it
    cannot memorise which label sets belong to which row. All rows share the random numbers, so the
    sets of a row do not depend on other rows in the batch. Not in the paper.
    """

    sees = "logits"

    def __init__(self, conditionals=None, samples=200, most=40, oracle="f1", seed=0, name="energy"):
        """Configures the network.

        Args:
          conditionals: the `Conditionals`.
          samples: number of label sets S for each row.
          most: number of labels per row to draw, the most probable ones; other labels are never in
            a drawn set.
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
        if not self.conditionals.built:  # as in a loaded model
            self.conditionals.build(input_shape[1])

    def random_numbers(self, most):
        """Random numbers for drawing label sets, shared by all rows: orders of `most` labels,
        [samples, most], and uniform numbers, [most, samples], one in each interval of length 1/S
        (Latin hypercube sampling; McKay, Beckman & Conover, Technometrics 1979)."""
        seeds = tf.unstack(tf.random.split([self.seed, 0], 3))
        order = tf.argsort(tf.random.stateless_uniform([self.samples, most], seeds[0]), axis=1)
        stratum = tf.argsort(tf.random.stateless_uniform([most, self.samples], seeds[1]), axis=1)
        place = tf.random.stateless_uniform([most, self.samples], seeds[2])
        return order, (tf.cast(stratum, tf.float32) + place) / self.samples

    def encode(self, x, known=None, training=False):
        """Everything that depends only on logits x, a `Drawn`, without gradients: refinement needs
        only the gradient of y, and the conditionals learn by likelihood. `known` as in
        `Conditionals`."""
        del training
        of, labels = self.conditionals, x.shape[-1]
        most = min(self.most, labels)
        known = tf.fill(tf.shape(x), float("nan")) if known is None else known
        unknown = tf.math.is_nan(known)
        chosen = tf.math.top_k(tf.where(unknown, x, x - 1e6), most).indices  # [batch, most]
        one_hot = tf.one_hot(chosen, labels)
        drawn = unknown & (tf.reduce_sum(one_hot, axis=1) > 0.0)
        before = of.hidden(x)
        hidden = before + of.change(known)
        start = x - tf.matmul(tf.nn.relu(before), of.output_kernel, transpose_b=True)
        marginals = tf.sigmoid(
            start + tf.matmul(tf.nn.relu(hidden), of.output_kernel, transpose_b=True)
        )
        hidden = tf.repeat(hidden[:, None], self.samples, axis=1)
        none = tf.zeros_like(of.of_negative[:1])  # the change due to an already known label
        changes = tf.concat([of.of_negative, of.of_positive, none], axis=0)
        order, uniform = self.random_numbers(most)

        def draw(step, hidden, sets, independent):
            label = tf.gather(chosen, order[:, step], axis=1)  # [batch, samples]
            change = tf.reduce_sum(tf.nn.relu(hidden) * tf.gather(of.output_kernel, label), axis=-1)
            chance = tf.sigmoid(tf.gather(start, label, batch_dims=1) + change)
            value = uniform[step] < chance
            new = tf.gather(drawn, label, batch_dims=1)
            row = label + labels * tf.cast(value, tf.int32)
            hidden += tf.gather(changes, tf.where(new, row, 2 * labels))
            alone = uniform[step] < tf.gather(marginals, label, batch_dims=1)
            sets = sets.write(step, tf.cast(value, tf.float32))
            return step + 1, hidden, sets, independent.write(step, tf.cast(alone, tf.float32))

        arrays = [
            tf.TensorArray(tf.float32, most, element_shape=[None, self.samples]) for _ in range(2)
        ]
        _, _, *arrays = tf.while_loop(
            lambda step, *_: step < most, draw, (tf.constant(0), hidden, *arrays)
        )
        rank, given = tf.argsort(order, axis=1), tf.where(unknown, 0.0, known)

        def placed(values):
            """Reorders draws, [most, batch, samples], by label."""
            ranked = tf.gather(tf.transpose(values.stack(), [2, 0, 1]), rank, batch_dims=1)
            found = tf.einsum("smb,bml->bsl", ranked, one_hot)
            return tf.where(drawn[:, None], found, given[:, None])

        sets, independent = map(placed, arrays)
        marginals = tf.where(unknown, marginals, known)
        expected = IndependentF1.of(marginals, one_hot, min(2 * most, labels))
        return tf.nest.map_structure(tf.stop_gradient, Drawn(sets, independent, expected))

    def score(self, z, y):
        value = self.mean_value(z.sets, y)
        if self.oracle == "f1":
            value += z.expected.value(y) - self.mean_value(z.independent, y)
        value = tf.clip_by_value(value, _MARGIN, 1.0 - _MARGIN)
        return tf.math.log(value) - tf.math.log1p(-value)

    def mean_value(self, sets, y):
        """1/S sum_s h(y, y_s), [batch], to label sets [batch, samples, labels]."""
        both = tf.linalg.matvec(sets, y)  # |y n y_s|, [batch, samples]
        total = tf.reduce_sum(sets, axis=-1) + tf.reduce_sum(y, axis=-1, keepdims=True)
        value = self.oracle_value(both, tf.maximum(total, 1e-7), tf.maximum(total - both, 1e-7))
        return tf.reduce_mean(tf.where(total == 0.0, 1.0, value), axis=-1)


class Drawn(NamedTuple):
    """What a `SampledOracle` computes for a row without y."""

    sets: tf.Tensor  # y_s in {0, 1}, [batch, samples, labels]
    independent: tf.Tensor  # y'_s, likewise
    expected: IndependentF1
