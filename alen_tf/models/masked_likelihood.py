"""Maximum likelihood of labels given any others: an energy that learns how labels depend on each
other."""

import gin
import numpy as np
import tensorflow as tf

from alen_tf.configured import register
from alen_tf.inference.ascent import GradientAscent
from alen_tf.inference.clamped import Clamped
from alen_tf.models.energy_model import PairModel
from alen_tf.models.known_outputs import KnownAtRandom


@gin.register
@register
class MaskedLikelihood(PairModel):
    """Trains the conditionals P(y_i = 1 | x, y_K) of a `SampledOracle`, for random known labels.

    The share of known labels of a row is uniform, so that all orders in which labels may become
    known weigh alike (Uria, Murray & Larochelle, ICML 2014; label masks of C-Tran, Lanchantin et
    al., CVPR 2021): E_K [L / |not K| sum_(i not in K) -log P(y_i | x, y_K)], the mean negative log
    likelihood of y over orders. Labels that are NaN in y are never known, and do not count.
    Predictions ascend from the marginals on v(x, y), the expected
    oracle value. Not in the paper.
    """

    bounded = True
    skips_missing = True
    rows_at_once = 64  # hundreds of label sets each

    def __init__(
        self,
        energy,
        inference_network,
        output_space="box",
        oracle="f1",
        prediction=None,
        preprocessing=None,
        test_time_augmentation=None,
        seed=None,
        name="masked_likelihood",
    ):
        """Configures the method.

        Args:
          energy: a `SampledOracle`.
          inference_network: g, which is not trained here.
          prediction: the `Ascent` of predictions; by default 12 steps of length 0.5 along the norm
            over variables that are free to move.
          output_space, oracle, preprocessing, test_time_augmentation, seed, name: see
            `StructuredModel`.
        """
        super().__init__(output_space, oracle, preprocessing, test_time_augmentation, seed, name)
        self.energy = energy
        self.inference_network = inference_network
        self.prediction = prediction or GradientAscent(12, 0.5, active_set=True)

    def known_at_random(self, y, seed):
        """True outputs, [batch, labels], of which NaN hides a share that is uniform in [0, 1]."""
        return tf.where(KnownAtRandom(0.0, 1.0, nothing=0.0).draw(y, seed), y, float("nan"))

    def update(self, batch):
        x, y_true = self.prepare(batch.x), batch.truth
        known = self.known_at_random(y_true, self.seed_of_step(self.optimizers["energy"]))
        missing = tf.math.is_nan(y_true)
        unknown = tf.cast(tf.math.is_nan(known) & ~missing, tf.float32)
        with tf.GradientTape(persistent=True) as tape:
            with tape.stop_recording():
                logits = self.logits(x, batch.fold)
            found = self.energy.conditionals(logits, known, training=True)
            losses = tf.nn.sigmoid_cross_entropy_with_logits(tf.where(missing, 0.0, y_true), found)
            count = tf.maximum(tf.reduce_sum(unknown, axis=-1), 1.0)
            labels = tf.reduce_sum(tf.cast(~missing, tf.float32), axis=-1)
            likelihood = labels / count * tf.reduce_sum(unknown * losses, axis=-1)
            terms = {"likelihood": likelihood}
        return self.space.relax(logits), self.descend(tape, batch, energy=terms)

    def marginals(self, x, known):
        """P(y_i = 1 | x, y_K) as an array, [examples, labels]; known labels stand in their places.

        Args:
          x: inputs, [examples, ...].
          known: labels in {0, 1} where they are known and NaN elsewhere, [examples, labels].
        """
        function = self._compiled.get("marginals", self._marginals)
        return function(self.views, *_arrays(x, known))

    def value(self, x, y, known=None):
        """v(x, y) as an array, [examples], where some labels are `known`; of several label sets of
        each example, [examples, sets, labels], [examples, sets]."""
        function = self._compiled.get("value", self.value_in_graph)
        return function(self.views, *_arrays(x, y, known))

    def value_in_graph(self, x, y, known=None):
        z = self.energy.encode(self.logits(self.prepare(x)), known)
        if len(y.shape) == len(x.shape):
            return self.value_of(z, y)
        return tf.stack([self.value_of(z, each) for each in tf.unstack(y, axis=1)], axis=1)

    def _marginals(self, x, known):
        return self._relaxed(self.logits(self.prepare(x)), Clamped(self.space, known))

    def _relaxed(self, logits, space):
        """The marginals given what is known in a space, [batch, labels]."""
        if isinstance(space, Clamped):
            logits = self.energy.conditionals(logits, space.known)
        return space.relax(logits)

    def infer(self, x, space, steps=None):
        logits = self.logits(x)
        z = self.energy.encode(logits, getattr(space, "known", None))
        return self.ascend(self.prediction, z, self._relaxed(logits, space), space, steps)


def _arrays(*given):
    """Those that are not None, as float32."""
    return [np.asarray(each, np.float32) for each in given if each is not None]
