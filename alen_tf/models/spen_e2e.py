"""End-to-end SPEN (Belanger, Yang & McCallum, ICML 2017): learning through the unrolled ascent."""

import gin
import tensorflow as tf

from alen_tf.configured import register
from alen_tf.inference.mirror import MirrorAscent
from alen_tf.models.energy_model import EnergyModel


@gin.register
@register
class SPENEndToEnd(EnergyModel):
    """Learns an energy whose ascent, the same as in prediction, soon reaches the truth.

    The loss is 1/T sum_t CE(y(t), y*) over the iterates y(1), ..., y(T) of ascent on the score. Its
    gradient passes back through all steps and so differentiates the score twice: the energy must be
    smooth in y (softplus), and the ascent should not clip, as `MirrorAscent` does not.
    """

    def __init__(
        self,
        energy,
        output_space="box",
        oracle="f1",
        prediction=None,
        preprocessing=None,
        test_time_augmentation=None,
        seed=None,
        name="spen_e2e",
    ):
        """Configures the method.

        Args:
          energy: s(x, y), a `keras.Model` of [x, y]; see `EnergyModel`.
          prediction: the `Ascent`, in training and in predictions; `MirrorAscent()` by default.
          output_space, oracle, preprocessing, test_time_augmentation, seed, name: see
            `StructuredModel`.
        """
        super().__init__(output_space, oracle, preprocessing, test_time_augmentation, seed, name)
        self.energy = energy
        self.prediction = prediction or MirrorAscent()

    def update(self, batch):
        x, y_true = self.prepare(batch.x), batch.y
        with tf.GradientTape(persistent=True) as tape:
            z = self.encode(x, training=True)
            path = self.ascend(self.prediction, z, self.space.start(y_true))
            errors = [self.space.cross_entropy(self.space.logits(y), y_true) for y in path[1:]]
            terms = {"iterates": sum(errors) / len(errors)}
        return path[-1], self.descend(tape, batch, energy=terms) | {
            "oracle/refined": tf.reduce_mean(self.oracle_value(path[-1], y_true)),
            "value/refined": tf.reduce_mean(self.value_of(z, path[-1])),
        }
