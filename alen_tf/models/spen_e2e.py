"""End-to-end SPEN (Belanger, Yang & McCallum, ICML 2017): learning through the unrolled ascent."""

import gin
import tensorflow as tf

from alen_tf.models.energy_learner import EnergyLearner
from alen_tf.models.learner import total


@gin.register
class SPENEndToEnd(EnergyLearner):
    """Learns the energy so that the very ascent that predicts ends, soon, at the truth.

    The loss is 1/T sum_t CE(y(t), y*) over the iterates y(1), ..., y(T) of ascent on the score. Its
    gradient passes back through all steps and so differentiates the score twice: the energy must be
    smooth in y (softplus), and the ascent should not clip, as `MirrorAscent` does not.
    """

    def __init__(
        self,
        energy=gin.REQUIRED,
        energy_optimizer=gin.REQUIRED,
        prediction=gin.REQUIRED,
        name="spen_e2e",
    ):
        """Stores hyper-parameters.

        Args:
          energy, energy_optimizer: see `EnergyLearner`.
          prediction: the ascent, in training and in predictions.
          name: the method's name in results.
        """
        super().__init__(energy, energy_optimizer, prediction, name)

    def train_step(self, x, y_true):
        x = self.standardization(x)
        with tf.GradientTape() as tape:
            z = self.energy.encode(x, training=True)
            path = self.ascend(self.prediction, z, self.space.start(y_true))
            errors = [self.space.cross_entropy(self.space.logits(y), y_true) for y in path[1:]]
            terms = {"iterates": sum(errors) / len(errors)}
            loss, scalars = total(terms, self.energy, "energy_loss")
        told = self.descend(tape, loss, "energy", self.energy_optimizer)
        return scalars, lambda: {
            "oracle/refined": tf.reduce_mean(self.oracle(path[-1], y_true)),
            "value/refined": tf.reduce_mean(self.value(z, path[-1])),
            **told(),
        }
