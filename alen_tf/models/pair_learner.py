"""What methods that learn an energy beside an inference network share: networks and prediction."""

from alen_tf.models.learner import Learner, build_network


class PairLearner(Learner):
    """A learner with an inference network: a prediction ascends from y' = g(x)."""

    def __init__(
        self,
        energy,
        inference_network,
        energy_optimizer,
        inference_optimizer,
        refinement,
        prediction,
        name,
    ):
        """Stores what all subclasses have; the arguments are those of `ALEN`."""
        super().__init__(name=name)
        self._make_energy = energy
        self._make_inference_network = inference_network
        self._make_energy_optimizer = energy_optimizer
        self._make_inference_optimizer = inference_optimizer
        self.refinement = refinement
        self.prediction = prediction

    def build_networks(self, x, y, total_steps):
        outputs = y.shape[-1]
        self.energy, self.energy_optimizer = build_network(
            self._make_energy, self._make_energy_optimizer, (x, y), outputs, total_steps
        )
        self.inference_network, self.inference_optimizer = build_network(
            self._make_inference_network, self._make_inference_optimizer, x, outputs, total_steps
        )

    @property
    def networks(self):
        return {"energy": self.energy, "inference_network": self.inference_network}

    def infer(self, x, space, steps=None):
        y = space.relax(self.inference_network(x))
        return self.ascend(self.prediction, self.energy.encode(x), y, space, steps)
