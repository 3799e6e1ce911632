"""The min-max objectives that ALEN's least squares replace (Pan et al., AAAI 2020): Eq. 3, 5."""

import gin
import tensorflow as tf

from alen_tf.models.learner import total
from alen_tf.models.pair_learner import PairLearner
from alen_tf.objectives import losses


@gin.register
class MinMax(PairLearner):
    """max over theta_v, min over theta_g of v(x, y*) - v(x, y') [- v(x, y'')], v being the score.

    Unstable, as the paper says. Nothing bounds v, and in Eq. 5 the truth's value counts once and
    its opponents' twice, so that lowering all values together never stops paying.
    """

    def __init__(
        self,
        energy=gin.REQUIRED,
        inference_network=gin.REQUIRED,
        energy_optimizer=gin.REQUIRED,
        inference_optimizer=gin.REQUIRED,
        refinement=gin.REQUIRED,
        prediction=gin.REQUIRED,
        refined=True,
        name="min_max",
    ):
        """Stores hyper-parameters.

        Args:
          energy, inference_network, energy_optimizer, inference_optimizer: see `ALEN`.
          refinement: the ascent that turns y' into y'' in training.
          prediction: the ascent of predictions.
          refined: Eq. 5, where y'' takes part, or Eq. 3.
          name: the method's name in results.
        """
        super().__init__(
            energy,
            inference_network,
            energy_optimizer,
            inference_optimizer,
            refinement,
            prediction,
            name,
        )
        self.refined = refined

    def train_step(self, x, y_true):
        x = self.standardization(x)
        with tf.GradientTape(persistent=True) as tape:
            z = self.energy.encode(x, training=True)
            y_inference = self.space.relax(self.inference_network(x, training=True))
            v_true = self.energy.score(z, y_true)
            v_inference = self.energy.score(z, y_inference)
            if self.refined:
                with tape.stop_recording():
                    y_refined = self.ascend(self.refinement, z, y_inference)[-1]
                v_refined = self.energy.score(z, y_refined)
                objective = losses.min_max_refined(v_true, v_inference, v_refined)
            else:
                objective = losses.min_max(v_true, v_inference)
            energy_loss, energy_scalars = total({"min_max": -objective}, self.energy, "energy_loss")
            inference_loss, inference_scalars = total(
                {"min_max": objective}, self.inference_network, "inference_loss"
            )
        energy_told = self.descend(tape, energy_loss, "energy", self.energy_optimizer)
        inference_told = self.descend(
            tape, inference_loss, "inference_network", self.inference_optimizer
        )
        return energy_scalars | inference_scalars, lambda: {
            "oracle/inference_network": tf.reduce_mean(self.oracle(y_inference, y_true)),
            "value/truth": tf.reduce_mean(v_true),
            "value/inference_network": tf.reduce_mean(v_inference),
            **energy_told(),
            **inference_told(),
        }
