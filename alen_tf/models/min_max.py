"""The min-max objectives that ALEN's least squares replace (Pan et al., AAAI 2020): Eq. 3, 5."""

import gin
import tensorflow as tf

from alen_tf.configured import register
from alen_tf.inference.ascent import GradientAscent
from alen_tf.models.energy_model import PairModel
from alen_tf.objectives import losses


@gin.register
@register
class MinMax(PairModel):
    """max over theta_v, min over theta_g of v(x, y*) - v(x, y') [- v(x, y'')], v being the score.

    Unstable, as the paper says. Nothing bounds v, and in Eq. 5 the truth's value counts once and
    its opponents' twice, so lowering all values together always pays.
    """

    def __init__(
        self,
        energy,
        inference_network,
        output_space="box",
        oracle="f1",
        refinement=None,
        prediction=None,
        refined=True,
        preprocessing=None,
        test_time_augmentation=None,
        seed=None,
        name="min_max",
    ):
        """Configures the method.

        Args:
          energy, inference_network, refinement, prediction: see `ALEN`.
          refined: Eq. 5, where y'' takes part, or Eq. 3.
          output_space, oracle, preprocessing, test_time_augmentation, seed, name: see
            `StructuredModel`.
        """
        super().__init__(output_space, oracle, preprocessing, test_time_augmentation, seed, name)
        self.energy = energy
        self.inference_network = inference_network
        self.refinement = refinement or GradientAscent()
        self.prediction = prediction or self.refinement
        self.refined = refined

    def update(self, batch):
        x, y_true = self.prepare(batch.x), batch.y
        with tf.GradientTape(persistent=True) as tape:
            logits = self.logits(x, batch.fold, training=True)
            y_inference = y_refined = self.space.relax(logits)
            z = self.encode(x, logits, training=True)
            v_true = self.score(z, y_true, training=True)
            v_inference = self.score(z, y_inference, training=True)
            if self.refined:
                with tape.stop_recording():
                    y_refined = self.ascend(self.refinement, z, y_inference)[-1]
                v_refined = self.score(z, y_refined, training=True)
                objective = losses.min_max_refined(v_true, v_inference, v_refined)
            else:
                objective = losses.min_max(v_true, v_inference)
            energy_loss, inference_loss = {"min_max": -objective}, {"min_max": objective}
        scalars = self.descend(tape, batch, energy=energy_loss, inference_network=inference_loss)
        return y_refined, scalars | {
            "oracle/inference_network": tf.reduce_mean(self.oracle_value(y_inference, y_true)),
            "value/truth": tf.reduce_mean(v_true),
            "value/inference_network": tf.reduce_mean(v_inference),
        }
