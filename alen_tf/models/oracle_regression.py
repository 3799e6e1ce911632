"""Regression on oracle values around the outputs of an inference network that has not learned from
the rows: an energy that holds on new ones."""

import gin
import tensorflow as tf

from alen_tf.configured import register
from alen_tf.errors import check_number
from alen_tf.inference.ascent import GradientAscent, iterate_at_random
from alen_tf.models.energy_model import PairModel
from alen_tf.models.starts import replace_first
from alen_tf.objectives import losses

# Kinds of outputs that v learns the oracle values of, and their weights in the loss.
TUPLES = {
    "truth": 0.1,
    "marginals": 0.2,
    "cut_marginals": 0.5,
    "refined": 1.0,
    "iterate": 0.5,
    "decoded": 3.0,
    "decoded_iterate": 1.0,
}


@gin.register
@register
class OracleRegression(PairModel):
    """Eq. 6 alone, at more kinds of outputs, for an inference network that is trained already.

    v = sigmoid(score) learns the oracle values of the truth; of y' = g(x), whole and cut at a
    random threshold; of the ascent's end and of a random output on its path; and of these two
    decoded, as users get them. Where g's logits are out of fold (`Batch.fold`, or logits in place
    of inputs with an identity for g), v sees in training the errors that g makes on new rows. Not
    in the paper.
    """

    bounded = True

    def __init__(
        self,
        energy,
        inference_network,
        output_space="box",
        oracle="f1",
        refinement=None,
        prediction=None,
        tuples=None,
        zero_init_fraction=0.4,
        preprocessing=None,
        test_time_augmentation=None,
        seed=None,
        name="oracle_regression",
    ):
        """Configures the method.

        Args:
          energy: v(x, y) before its sigmoid; see `EnergyModel`. `ExpectedOracle` sees g's logits.
          inference_network: g, which is not trained here.
          refinement: the `Ascent` of training; by default 8 steps of length 0.5 along the norm over
            variables that are free to move.
          prediction: the `Ascent` of predictions; by default 12 such steps.
          tuples: weights of the kinds of outputs in `TUPLES` that differ from those there.
          zero_init_fraction: share of the training ascents that start at the uninformed output.
          output_space, oracle, preprocessing, test_time_augmentation, seed, name: see
            `StructuredModel`.

        Raises:
          ConfigError: a setting is unknown or out of its range.
        """
        super().__init__(output_space, oracle, preprocessing, test_time_augmentation, seed, name)
        self.energy = energy
        self.inference_network = inference_network
        self.refinement = refinement or GradientAscent(8, 0.5, active_set=True)
        self.prediction = prediction or GradientAscent(12, 0.5, active_set=True)
        self.tuples = tuples
        self.weights_of_tuples = TUPLES | (tuples or {})
        check_number("OracleRegression.zero_init_fraction", zero_init_fraction, most=1.0)
        self.zero_init_fraction = zero_init_fraction

    def outputs(self, z, y, y_true, seeds):
        """The outputs that v learns from, by kind, each [batch, ...], for y' = g(x)."""
        start = replace_first(y, self.space.start(y), self.zero_init_fraction)
        path = self.ascend(self.refinement, z, start)
        iterate = iterate_at_random(path, seeds[0])
        shape = [tf.shape(y)[0]] + [1] * (len(y.shape) - 1)
        threshold = tf.random.stateless_uniform(shape, seeds[1])
        return {
            "truth": y_true,
            "marginals": y,
            "cut_marginals": self.decode(y, threshold),
            "refined": path[-1],
            "iterate": iterate,
            "decoded": self.decode(path[-1]),
            "decoded_iterate": self.decode(iterate),
        }

    def update(self, batch):
        x, y_true = self.prepare(batch.x), batch.y
        seeds = tf.random.experimental.stateless_split(self.seed_of_step(self.optimizers["energy"]))
        with tf.GradientTape(persistent=True) as tape:
            with tape.stop_recording():
                logits = self.logits(x, batch.fold)
            z = self.encode(x, logits, training=True)
            with tape.stop_recording():
                outputs = self.outputs(z, self.space.relax(logits), y_true, seeds)
            terms = {}
            for kind, y in outputs.items():
                h = self.oracle_value(y, y_true)
                score = self.score(z, y, training=True)
                terms[kind] = self.weights_of_tuples[kind] * losses.cross_entropy(score, h)
        scalars = self.descend(tape, batch, energy=terms)
        decoded = outputs["decoded"]
        return outputs["refined"], scalars | {
            "oracle/decoded": tf.reduce_mean(self.oracle_value(decoded, y_true)),
            "value/decoded": tf.reduce_mean(self.value_of(z, decoded)),
        }
