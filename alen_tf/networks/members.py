"""An inference network in as many copies as there are folds of the training rows, and one more."""

import gin
import tensorflow as tf

from alen_tf.configured import register
from alen_tf.errors import check_count
from alen_tf.networks.network import InferenceNetwork


@gin.register
@register
class Members(InferenceNetwork):
    """K copies of g, of which the k-th learns from all training rows but those of fold k, and g
    itself, which learns from all of them.

    Called with the fold of each row it gives the logits of the copy that has not learned from the
    row; without, those of g, for new rows.
    """

    def __init__(self, network, folds=5, name="inference_network"):
        """Configures the members.

        Args:
          network: g, a `keras.Model` of x with a logit per output variable; its copies are made of
            its configuration, with initial weights of their own.
          folds: number of folds K, from 2.
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
        """The sum over members of their cross entropies on rows that they learn from.

        Args:
          space: the `OutputSpace`.
          x: preprocessed inputs, [batch, ...].
          y: true outputs, [batch, ...].
          fold: of each row, int32 [batch].

        Returns:
          [batch], or [batch, height, width] for images.
        """
        loss = space.cross_entropy(self.network(x, training=True), y)
        share = self.folds / (self.folds - 1.0)  # of a batch a copy sees fewer rows
        for number, copy in enumerate(self.copies):
            learns = share * tf.cast(fold != number, tf.float32)
            learns = tf.reshape(learns, [-1] + [1] * (len(loss.shape) - 1))
            loss += learns * space.cross_entropy(copy(x, training=True), y)
        return loss


def copied(network):
    """A network of the same configuration, with weights of its own."""
    return type(network).from_config(_unshared(network.get_config()))


def _unshared(config):
    """A configuration without the marks by which Keras, where it loads a model, makes one layer of
    all that have one configuration."""
    if isinstance(config, dict):
        return {k: _unshared(each) for k, each in config.items() if k != "shared_object_id"}
    return [_unshared(each) for each in config] if isinstance(config, list) else config
