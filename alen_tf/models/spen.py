"""Structured prediction energy network (Belanger & McCallum, ICML 2016): the structured hinge."""

import gin
import tensorflow as tf

from alen_tf.models.energy_learner import EnergyLearner
from alen_tf.models.learner import total
from alen_tf.objectives import losses


@gin.register
class SPEN(EnergyLearner):
    """Scores the truth above every other output, by a margin that grows with the output's cost.

    The margin-rescaled hinge, with the score s = -E: [max_y (cost(y, y*) + s(x, y)) - s(x, y*)]_+,
    where ascent from the uninformed output stands in for the maximum; prediction ascends on s
    alone.
    """

    def __init__(
        self,
        energy=gin.REQUIRED,
        energy_optimizer=gin.REQUIRED,
        inference=gin.REQUIRED,
        prediction=gin.REQUIRED,
        cost=losses.squared_difference,
        margin=1.0,
        name="spen",
    ):
        """Stores hyper-parameters.

        Args:
          energy, energy_optimizer, prediction: see `EnergyLearner`.
          inference: the ascent on cost + score that finds the most offending output in training.
          cost: function of (y, y*) to [batch] that is differentiable in y: `squared_difference`,
            `f1_cost`.
          margin: factor of the cost.
          name: the method's name in results.
        """
        super().__init__(energy, energy_optimizer, prediction, name)
        self.inference = inference
        self.cost = cost
        self.margin = margin

    def augmented(self, z, y, y_true):
        """Cost + score, [batch]: the most offending output has the highest."""
        return self.margin * self.cost(y, y_true) + self.value(z, y)

    def train_step(self, x, y_true):
        x = self.standardization(x)
        with tf.GradientTape() as tape:
            z = self.energy.encode(x, training=True)
            with tape.stop_recording():
                y_offending = self.inference(
                    lambda y: self.augmented(z, y, y_true),
                    self.space.start(y_true),
                    self.space,
                )[-1]
            cost = self.margin * self.cost(y_offending, y_true)
            s_offending, s_true = self.value(z, y_offending), self.value(z, y_true)
            terms = {"hinge": losses.structured_hinge(cost, s_offending, s_true)}
            loss, scalars = total(terms, self.energy, "energy_loss")
        told = self.descend(tape, loss, "energy", self.energy_optimizer)
        return scalars, lambda: {
            "oracle/offending": tf.reduce_mean(self.oracle(y_offending, y_true)),
            "value/truth": tf.reduce_mean(s_true),
            "value/offending": tf.reduce_mean(s_offending),
            **told(),
        }
