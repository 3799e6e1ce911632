"""SPEN with inference networks (Tu & Gimpel, ICLR 2018): a network in place of the ascent."""

import gin
import keras
import tensorflow as tf

from alen_tf.configured import register
from alen_tf.errors import check_number
from alen_tf.models.energy_model import PairModel
from alen_tf.objectives import losses


@gin.register
@register
class SPENInfNet(PairModel):
    """SPEN's hinge as a game: a network phi finds the most offending output, the energy rejects it.

    min over theta, max over phi of [cost(phi(x), y*) + s(x, phi(x)) - s(x, y*)]_+, with the score
    s = -E. As phi has learned to add cost, a second network psi learns max s(x, psi(x)) and
    predicts.

    Simplified: psi starts from its own weights and learns beside theta and phi from the first step;
    they copy phi into psi and tune it once theta rests. A learning rate of theta that drops late
    lets psi catch up. They also first learn the energy's local terms alone, with cross entropy, and
    keep these fixed.
    """

    networks = ("energy", "offending_network", "inference_network")

    def __init__(
        self,
        energy,
        inference_network,
        offending_network=None,
        output_space="box",
        oracle="f1",
        cost="squared_difference",
        margin=1.0,
        task_weight=0.0,
        entropy=0.0,
        preprocessing=None,
        test_time_augmentation=None,
        seed=None,
        name="spen_infnet",
    ):
        """Configures the method.

        Args:
          energy: s(x, y), a `keras.Model` of [x, y]; see `EnergyModel`.
          inference_network: psi, a `keras.Model` from inputs to logits shaped like outputs.
          offending_network: phi, likewise; by default one of psi's architecture.
          cost: "squared_difference", "f1_cost", or a function of (y, y*) to [batch] that is
            differentiable in y.
          margin: factor of the cost.
          task_weight: weight of the cross entropy to y* that stabilises phi and psi.
          entropy: weight of their outputs' entropy, added to what they maximise; it stabilises them
            too, as outputs near a vertex hardly learn.
          output_space, oracle, preprocessing, test_time_augmentation, seed, name: see
            `StructuredModel`.

        Raises:
          ConfigError: a setting is unknown or out of its range.
        """
        super().__init__(output_space, oracle, preprocessing, test_time_augmentation, seed, name)
        self.energy = energy
        self.inference_network = inference_network
        if offending_network is None and isinstance(inference_network, keras.Model):
            offending_network = keras.models.clone_model(inference_network)
        self.offending_network = offending_network
        self.cost = losses.get_cost(cost)
        self.margin = margin
        self.task_weight = task_weight
        self.entropy = entropy
        for term in ("margin", "task_weight", "entropy"):
            check_number(f"SPENInfNet.{term}", getattr(self, term))

    def update(self, batch):
        x, y_true = self.prepare(batch.x), batch.y
        with tf.GradientTape(persistent=True) as tape:
            offending_logits = tf.cast(self.offending_network(x, training=True), tf.float32)
            logits = self.logits(x, batch.fold, training=True)
            y_offending = self.space.relax(offending_logits)  # phi(x)
            y_inference = self.space.relax(logits)  # psi(x)
            z = self.encode(x, logits, training=True)
            cost = self.margin * self.cost(y_offending, y_true)
            s_true = self.score(z, y_true, training=True)
            s_offending = self.score(z, y_offending, training=True)
            s_inference = self.score(z, y_inference, training=True)
            hinge = losses.structured_hinge(cost, s_offending, s_true)
            offending_loss = {"hinge": -hinge} | self.stabilizers(offending_logits, y_true)
            inference_loss = {"score": -s_inference} | self.stabilizers(logits, y_true)
        scalars = self.descend(
            tape,
            batch,
            energy={"hinge": hinge},
            offending_network=offending_loss,
            inference_network=inference_loss,
        )
        return y_inference, scalars | {
            "oracle/offending": tf.reduce_mean(self.oracle_value(y_offending, y_true)),
            "oracle/inference_network": tf.reduce_mean(self.oracle_value(y_inference, y_true)),
            "value/truth": tf.reduce_mean(s_true),
            "value/offending": tf.reduce_mean(s_offending),
            "value/inference_network": tf.reduce_mean(s_inference),
        }

    def stabilizers(self, logits, y_true):
        """Terms, [batch] each, that keep a network's outputs near the truth and off vertices."""
        entropy = self.space.cross_entropy(logits, self.space.relax(logits))
        return {
            "task": self.task_weight * self.space.cross_entropy(logits, y_true),
            "entropy": -self.entropy * entropy,
        }

    def infer(self, x, space, steps=None):
        """A path of one output, psi(x): nothing refines it, whatever `steps` says."""
        del steps
        return [space.relax(self.logits(x))]
