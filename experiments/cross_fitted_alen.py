"""Algorithm 1 with one copy of g per fold of the training rows; see `experiments.adversarial`."""

import tensorflow as tf

from alen_tf.models.alen import ALEN
from alen_tf.objectives import losses


class CrossFittedALEN(ALEN):
    """ALEN whose energy sees outputs of the member of g that has not learned from a row."""

    def update(self, batch):
        x, y_true, members = self.prepare(batch.x), batch.y, self.inference_network
        with tf.GradientTape(persistent=True) as tape:
            z = self.encode(x, training=True)
            with tape.stop_recording():
                y_inference = self.space.relax(self.logits(x, batch.fold))  # y', out of fold
                y_refined = self.refined(z, y_inference, y_true, self.space)
            energy_loss = losses.energy_loss_terms(  # Eq. 6
                self.score(z, y_true, training=True),
                self.score(z, y_inference, training=True),
                self.score(z, y_refined, training=True),
                self.oracle_value(y_inference, y_true),
                self.oracle_value(y_refined, y_true),
                self.lambda_v,
                self.beta_v,
                self.regression_loss,
            )
            adversarial = 0.0
            for number, member in enumerate([*members.copies, members.network]):
                learns = tf.cast(batch.fold != number, tf.float32)
                score = self.score(z, self.space.relax(member(x, training=True)))
                adversarial += learns * losses.squared_error(score, 1.0)  # Eq. 7
            inference_loss = {
                "task": members.cross_entropy(self.space, x, y_true, batch.fold),
                "adversarial": self.lambda_g * adversarial,
            }
        return y_refined, self.descend(
            tape, batch, energy=energy_loss, inference_network=inference_loss
        )
