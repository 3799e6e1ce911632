"""SPEN with inference networks (Tu & Gimpel, ICLR 2018): a network in place of the ascent."""

import gin
import tensorflow as tf

from alen_tf.errors import check_number
from alen_tf.models.learner import Learner, build_network, total
from alen_tf.objectives import losses


@gin.register
class SPENInfNet(Learner):
    """SPEN's hinge as a game: a network phi finds the most offending output, the energy rejects it.

    min over theta, max over phi of [cost(phi(x), y*) + s(x, phi(x)) - s(x, y*)]_+, with the score
    s = -E. As phi has learned to add cost, a second network psi learns max s(x, psi(x)) and
    predicts.

    Simplified: psi starts from its own weights and learns beside theta and phi from the first step;
    they copy phi into psi and tune it once theta rests. A learning rate of theta that drops late
    lets psi catch up. They also first learn the energy's local terms alone, with cross entropy, and
    keep these fixed.
    """

    def __init__(
        self,
        energy=gin.REQUIRED,
        inference_network=gin.REQUIRED,
        energy_optimizer=gin.REQUIRED,
        inference_optimizer=gin.REQUIRED,
        cost=losses.squared_difference,
        margin=1.0,
        task_weight=0.0,
        entropy=0.0,
        name="spen_infnet",
    ):
        """Stores hyper-parameters.

        Args:
          energy: factory of the `Energy`, called with the size of the last output axis.
          inference_network: factory of phi and of psi, called likewise.
          energy_optimizer: factory of the optimizer of theta, called with the run's number of
            steps.
          inference_optimizer: factory of the optimizers of phi and of psi, called likewise.
          cost: function of (y, y*) to [batch] that is differentiable in y: `squared_difference`,
            `f1_cost`.
          margin: factor of the cost.
          task_weight: weight of the cross entropy to y* that stabilises phi and psi.
          entropy: weight of their outputs' entropy, added to what they maximise; it stabilises them
            too, as outputs near a vertex hardly learn.
          name: the method's name in results.
        """
        super().__init__(name=name)
        self._make_energy = energy
        self._make_inference_network = inference_network
        self._make_energy_optimizer = energy_optimizer
        self._make_inference_optimizer = inference_optimizer
        self.cost = cost
        self.margin = margin
        self.task_weight = task_weight
        self.entropy = entropy
        for term in ("margin", "task_weight", "entropy"):
            check_number(f"SPENInfNet.{term}", getattr(self, term))

    def build_networks(self, x, y, total_steps):
        outputs = y.shape[-1]
        self.energy, self.energy_optimizer = build_network(
            self._make_energy, self._make_energy_optimizer, (x, y), outputs, total_steps
        )
        self.offending_network, self.offending_optimizer = build_network(
            self._make_inference_network, self._make_inference_optimizer, x, outputs, total_steps
        )
        self.inference_network, self.inference_optimizer = build_network(
            self._make_inference_network, self._make_inference_optimizer, x, outputs, total_steps
        )

    @property
    def networks(self):
        return {
            "energy": self.energy,
            "inference_network": self.inference_network,
            "offending_network": self.offending_network,
        }

    def train_step(self, x, y_true):
        x = self.standardization(x)
        with tf.GradientTape(persistent=True) as tape:
            z = self.energy.encode(x, training=True)
            offending_logits = self.offending_network(x, training=True)
            logits = self.inference_network(x, training=True)
            y_offending = self.space.relax(offending_logits)  # phi(x)
            y_inference = self.space.relax(logits)  # psi(x)
            cost = self.margin * self.cost(y_offending, y_true)
            s_true = self.energy.score(z, y_true)
            s_offending = self.energy.score(z, y_offending)
            s_inference = self.energy.score(z, y_inference)
            hinge = losses.structured_hinge(cost, s_offending, s_true)
            energy_loss, energy_scalars = total({"hinge": hinge}, self.energy, "energy_loss")
            offending_loss, offending_scalars = total(
                {"hinge": -hinge} | self.stabilizers(offending_logits, y_true),
                self.offending_network,
                "offending_loss",
            )
            inference_loss, inference_scalars = total(
                {"score": -s_inference} | self.stabilizers(logits, y_true),
                self.inference_network,
                "inference_loss",
            )
        energy_told = self.descend(tape, energy_loss, "energy", self.energy_optimizer)
        offending_told = self.descend(
            tape, offending_loss, "offending_network", self.offending_optimizer
        )
        inference_told = self.descend(
            tape, inference_loss, "inference_network", self.inference_optimizer
        )
        return energy_scalars | offending_scalars | inference_scalars, lambda: {
            "oracle/offending": tf.reduce_mean(self.oracle(y_offending, y_true)),
            "oracle/inference_network": tf.reduce_mean(self.oracle(y_inference, y_true)),
            "value/truth": tf.reduce_mean(s_true),
            "value/offending": tf.reduce_mean(s_offending),
            "value/inference_network": tf.reduce_mean(s_inference),
            **energy_told(),
            **offending_told(),
            **inference_told(),
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
        return [space.relax(self.inference_network(x))]
