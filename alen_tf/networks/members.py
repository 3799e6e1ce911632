"""An inference network as one copy per fold of the training rows, plus one for all rows."""

import gin
import tensorflow as tf

from alen_tf.configured import register
from alen_tf.errors import check_count
from alen_tf.networks.network import InferenceNetwork


@gin.register
@register
class Members(InferenceNetwork):
    """K copies of g, and g itself. The k-th copy learns from all training rows except those of fold
    k; g learns from all rows.

    Called with the fold of each row, it returns the logits of the copy that has not learned from
    that row; without folds, it returns those of g, for new rows.
    """

    def __init__(self, network, folds=5, name="inference_network"):
        """Configures the members.

        Args:
          network: g, a `keras.Model` of x with a logit per output variable; its copies have the
            same configuration and their own initial weights.
          folds: number of folds K, at least 2.
          name: name of the model.

        Raises:
          ConfigError: a setting is out of its range.
        """
        check_count("Members.folds", folds, least=2)
        super().__init__(getattr(network, "outputs", 0), name)
        self.network = network
        self.folds = folds
        self.copies = [copied(network) for _ in range(folds)]

    def make_layers(self, input_shape):
        for member in (*self.copies, self.network):
            if getattr(member, "outputs", 0) is None:
                member.outputs = self.outputs
            if not member.built:
                member.build(input_shape)

    def call(self, x, fold=None, training=False):
        if fold is None:
            return self.network(x, training=training)
        logits = tf.stack([copy(x, training=training) for copy in self.copies], axis=1)
        return tf.gather(logits, fold, axis=1, batch_dims=1)

    def cross_entropy(self, space, x, y, fold):
        """The sum of the members' cross entropies on the rows that they learn from.

        Args:
          space: the `OutputSpace`.
          x: preprocessed inputs, [batch, ...].
          y: true outputs, [batch, ...].
          fold: of each row, int32 [batch].

        Returns:
          [batch], or [batch, height, width] for images.
        """
        loss = space.cross_entropy(self.network(x, training=True), y)
        share = self.folds / (self.folds - 1.0)  # a copy sees fewer rows of a batch
        for number, copy in enumerate(self.copies):
            learns = share * tf.cast(fold != number, tf.float32)
            learns = tf.reshape(learns, [-1] + [1] * (len(loss.shape) - 1))
            loss += learns * space.cross_entropy(copy(x, training=True), y)
        return loss


def copied(network):
    """A network with the same configuration and its own weights."""
    return type(network).from_config(_unshared(network.get_config()))


def _unshared(config):
    """A configuration without the marks that make Keras share one layer between equal
    configurations when it loads a model."""
    if isinstance(config, dict):
        return {k: _unshared(each) for k, each in config.items() if k != "shared_object_id"}
    return [_unshared(each) for each in config] if isinstance(config, list) else config
