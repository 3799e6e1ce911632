"""Feed-forward prediction: an inference network alone, learned with cross entropy."""

import gin
import tensorflow as tf

from alen_tf.models.learner import Learner, build_network, total


@gin.register
class FeedForward(Learner):
    """g(x) without an energy: minimises the cross entropy of g(x) to y*, Eq. 11a alone.

    The two-layer network of Table 1 (Belanger & McCallum, ICML 2016) is an `MLP` with one hidden
    layer, its logistic regression (Lin et al. 2014) an `MLP` with none.
    """

    def __init__(
        self, inference_network=gin.REQUIRED, inference_optimizer=gin.REQUIRED, name="two_layer"
    ):
        """Stores hyper-parameters.

        Args:
          inference_network: factory of g, a `keras.Model` from inputs to logits, called with the
            size of the last output axis.
          inference_optimizer: factory of the optimizer, called with the run's number of steps.
          name: the method's name in results.
        """
        super().__init__(name=name)
        self._make_inference_network = inference_network
        self._make_inference_optimizer = inference_optimizer

    def build_networks(self, x, y, total_steps):
        self.inference_network, self.inference_optimizer = build_network(
            self._make_inference_network,
            self._make_inference_optimizer,
            x,
            y.shape[-1],
            total_steps,
        )

    @property
    def networks(self):
        return {"inference_network": self.inference_network}

    def train_step(self, x, y_true):
        x = self.standardization(x)
        with tf.GradientTape() as tape:
            logits = self.inference_network(x, training=True)
            terms = {"task": self.space.cross_entropy(logits, y_true)}
            loss, scalars = total(terms, self.inference_network, "inference_loss")
        return scalars, self.descend(tape, loss, "inference_network", self.inference_optimizer)

    def infer(self, x, space, steps=None):
        """A path of one output: nothing refines it, whatever `steps` says."""
        del steps
        return [space.relax(self.inference_network(x))]
