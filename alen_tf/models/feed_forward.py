"""Feed-forward prediction: an inference network alone, learned with cross entropy."""

import gin
import tensorflow as tf

from alen_tf.configured import register
from alen_tf.models.structured_model import StructuredModel


@gin.register
@register
class FeedForward(StructuredModel):
    """g(x) without an energy: minimises the cross entropy of g(x) to y*, Eq. 11a alone.

    The two-layer network of Table 1 (Belanger & McCallum, ICML 2016) is an `MLP` with one hidden
    layer, its logistic regression (Lin et al. 2014) an `MLP` with none.
    """

    networks = ("inference_network",)
    skips_missing = True

    def __init__(
        self,
        inference_network,
        output_space="box",
        oracle="f1",
        preprocessing=None,
        test_time_augmentation=None,
        seed=None,
        name="two_layer",
        known_fraction=None,
    ):
        """Configures the method.

        Args:
          inference_network: g, a `keras.Model` from inputs to logits shaped like outputs.
          output_space, oracle, preprocessing, test_time_augmentation, seed, name, known_fraction:
            see `StructuredModel`.
        """
        super().__init__(
            output_space,
            oracle,
            preprocessing,
            test_time_augmentation,
            seed,
            name,
            known_fraction,
        )
        self.inference_network = inference_network

    def update(self, batch):
        x, y_true = self.prepare(batch.x, batch.given), batch.truth
        with tf.GradientTape(persistent=True) as tape:
            if batch.fold is None:
                logits = self.logits(x, training=True)
                task_loss = self.space.cross_entropy(logits, y_true)
            else:  # g is `Members`
                logits = self.logits(x, batch.fold)
                task_loss = self.inference_network.cross_entropy(self.space, x, y_true, batch.fold)
            terms = {"task": task_loss}
        y = self.space_of(batch).relax(logits)
        return y, self.descend(tape, batch, inference_network=terms)

    def infer(self, x, space, steps=None):
        """A path of one output: nothing refines it, whatever `steps` says."""
        del steps
        return [space.relax(self.logits(x))]
