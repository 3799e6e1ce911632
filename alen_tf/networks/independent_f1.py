"""The expected F1 of relaxed outputs for independent labels, in a TensorFlow graph."""

from typing import NamedTuple

import tensorflow as tf


class IndependentF1(NamedTuple):
    """E[F1(y, Y)] of any y in [0, 1] for independent labels Y_i ~ Bernoulli(p_i).

    sum_i y_i p_i sum_k P(|Y| - Y_i = k) 2 / (sum_j y_j + 1 + k), and P(|Y| = 0) of the empty set.
    Exact for the most probable labels of a row; for the others, |Y| replaces |Y| - Y_i, which
    differs by at most their own small probability.
    """

    marginals: tf.Tensor  # p, [batch, labels]
    chosen: tf.Tensor  # the most probable labels, one-hot, [batch, most, labels]
    sums: tf.Tensor  # P(|Y| = k), [batch, sums]
    sums_of_others: tf.Tensor  # P(|Y| - Y_i = k) of the most probable ones, [batch, most, sums]

    @classmethod
    def of(cls, marginals, chosen, largest):
        """The part that all y of a row share.

        Args:
          marginals: p, [batch, labels].
          chosen: the most probable labels, one-hot, [batch, most, labels].
          largest: the largest sum that is distinguished from larger ones.
        """
        most = chosen.shape[1]
        p = tf.linalg.matvec(chosen, marginals)
        other = marginals * (1.0 - tf.reduce_sum(chosen, axis=1))
        none = tf.one_hot(tf.zeros_like(marginals[:, 0], tf.int32), largest + 1)
        sums = _with_labels(none[:, None], tf.transpose(other)[:, :, None])
        others = tf.transpose(p)[:, :, None] * (1.0 - tf.eye(most)[:, None])  # not the label itself
        sums_of_others = _with_labels(tf.repeat(sums, most, axis=1), others)
        sums = _with_labels(sums_of_others[:, :1], p[None, :, :1])
        return cls(marginals, chosen, sums[:, 0], sums_of_others)

    def value(self, y):
        """The expected F1 of outputs y, [batch, labels], as [batch]."""
        size = tf.reduce_sum(y, axis=-1)
        others = tf.range(self.sums.shape[-1], dtype=y.dtype)  # k
        weight = 2.0 / (tf.expand_dims(size, -1) + 1.0 + others)
        of_any = tf.reduce_sum(self.sums * weight, axis=-1, keepdims=True)
        of_chosen = tf.linalg.matvec(self.sums_of_others, weight)
        of_each = of_any + tf.linalg.matvec(self.chosen, of_chosen - of_any, transpose_a=True)
        value = tf.reduce_sum(y * self.marginals * of_each, axis=-1)
        return tf.where(size == 0.0, self.sums[:, 0], value)


def _with_labels(sums, marginals):
    """The distribution of sums with more labels, [batch, ..., sums]; the last entry holds all
    larger sums. `marginals` has the labels on its first axis, each [batch, ...]."""

    def added(sums, p):
        with_it = tf.concat(
            [tf.zeros_like(sums[..., :1]), sums[..., :-2], sums[..., -2:-1] + sums[..., -1:]], -1
        )
        return (1.0 - p[..., None]) * sums + p[..., None] * with_it

    return tf.foldl(added, marginals, sums)
