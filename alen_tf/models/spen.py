"""Structured prediction energy network (Belanger & McCallum, ICML 2016): the structured hinge."""

import gin
import tensorflow as tf

from alen_tf.configured import register
from alen_tf.errors import check_number
from alen_tf.inference.ascent import GradientAscent
from alen_tf.models.energy_model import EnergyModel
from alen_tf.objectives import losses


@gin.register
@register
class SPEN(EnergyModel):
    """Scores the truth above every other output, by a margin that grows with the output's cost.

    The margin-rescaled hinge, with the score s = -E: [max_y (cost(y, y*) + s(x, y)) - s(x, y*)]_+,
    where ascent from the uninformed output stands in for the maximum; prediction ascends on s
    alone.
    """

    def __init__(
        self,
        energy,
        output_space="box",
        oracle="f1",
        inference=None,
        prediction=None,
        cost="squared_difference",
        margin=1.0,
        preprocessing=None,
        test_time_augmentation=None,
        seed=None,
        name="spen",
    ):
        """Configures the method.

        Args:
          energy: s(x, y), a `keras.Model` of [x, y]; see `EnergyModel`.
          inference: the `Ascent` on cost + score that finds the most offending output in training;
            by default ten normalised steps of length 0.5.
          prediction: the `Ascent` of predictions; `inference` by default.
          cost: "squared_difference", "f1_cost", or a function of (y, y*) to [batch] that is
            differentiable in y.
          margin: factor of the cost.
          output_space, oracle, preprocessing, test_time_augmentation, seed, name: see
            `StructuredModel`.

        Raises:
          ConfigError: a setting is unknown or out of its range.
        """
        super().__init__(output_space, oracle, preprocessing, test_time_augmentation, seed, name)
        self.energy = energy
        self.inference = inference or GradientAscent(steps=10, step_size=0.5)
        self.prediction = prediction or self.inference
        self.cost = losses.get_cost(cost)
        check_number("SPEN.margin", margin)
        self.margin = margin

    def augmented(self, z, y, y_true):
        """Cost + score, [batch]: the most offending output has the highest."""
        return self.margin * self.cost(y, y_true) + self.value_of(z, y)

    def update(self, batch):
        x, y_true = self.prepare(batch.x), batch.y
        with tf.GradientTape(persistent=True) as tape:
            z = self.encode(x, training=True)
            with tape.stop_recording():
                y_offending = self.inference(
                    lambda y: self.augmented(z, y, y_true),
                    self.space.start(y_true),
                    self.space,
                )[-1]
            cost = self.margin * self.cost(y_offending, y_true)
            s_offending = self.value_of(z, y_offending, training=True)
            s_true = self.value_of(z, y_true, training=True)
            terms = {"hinge": losses.structured_hinge(cost, s_offending, s_true)}
        return y_offending, self.descend(tape, batch, energy=terms) | {
            "oracle/offending": tf.reduce_mean(self.oracle_value(y_offending, y_true)),
            "value/truth": tf.reduce_mean(s_true),
            "value/offending": tf.reduce_mean(s_offending),
        }
