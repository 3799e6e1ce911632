"""What methods that learn nothing but an energy share: networks and prediction."""

import tensorflow as tf

from alen_tf.models.learner import Learner, build_network


class EnergyLearner(Learner):
    """A learner without an inference network: a prediction ascends from the uninformed output."""

    def __init__(self, energy, energy_optimizer, prediction, name):
        """Stores what all subclasses have.

        Args:
          energy: factory of the `Energy`, called with the size of the last output axis.
          energy_optimizer: factory of its optimizer, called with the run's number of steps.
          prediction: the ascent of predictions.
          name: the method's name in results.
        """
        super().__init__(name=name)
        self._make_energy = energy
        self._make_energy_optimizer = energy_optimizer
        self.prediction = prediction

    def build_networks(self, x, y, total_steps):
        self._output_shape = y.shape[1:]
        self.energy, self.energy_optimizer = build_network(
            self._make_energy, self._make_energy_optimizer, (x, y), y.shape[-1], total_steps
        )

    @property
    def networks(self):
        return {"energy": self.energy}

    def infer(self, x, space, steps=None):
        start = space.start(tf.zeros((tf.shape(x)[0], *self._output_shape)))
        return self.ascend(self.prediction, self.energy.encode(x), start, space, steps)
