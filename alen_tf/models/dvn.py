"""Deep value network (Gygli, Norouzi & Angelova, ICML 2017): regression on oracle values."""

import gin
import tensorflow as tf

from alen_tf.configured import register
from alen_tf.errors import check_number
from alen_tf.inference.ascent import GradientAscent, iterate_at_random
from alen_tf.models.batch import per_example
from alen_tf.models.energy_model import EnergyModel, check_path
from alen_tf.models.starts import TrainingStarts, replace_first
from alen_tf.objectives import losses


@gin.register
@register
class DVN(EnergyModel):
    """v(x, y) = sigmoid(score) learns how good an output is; prediction ascends on it.

    The loss is -h log v - (1 - h) log(1 - v) with h = h(y, y*), over tuples (x, y, h) of three
    kinds: y is the truth, the result of inference from the uninformed output (but see `starts`), or
    adversarial: one step up the loss from the truth or from the uninformed output, to where v and h
    disagree more. Every example gives one tuple of each kind in every step, weighted by the kind's
    proportion: the mean gradient of drawing one at random. (The authors' released code instead
    draws a kind per batch, and its adversarial steps climb v.)
    """

    bounded = True

    def __init__(
        self,
        energy,
        output_space="box",
        oracle="f1",
        inference=None,
        adversary=None,
        prediction=None,
        truth=0.25,
        inferred=0.5,
        adversarial=0.25,
        zero_init_fraction=0.5,
        starts=None,
        random_iterate=False,
        preprocessing=None,
        test_time_augmentation=None,
        seed=None,
        name="dvn",
    ):
        """Configures the method.

        Args:
          energy: v(x, y) before its sigmoid, a `keras.Model` of [x, y]; see `EnergyModel`.
          inference: the `Ascent` on v that makes tuples in training; by default 20 plain steps.
          adversary: the `Ascent` on the loss that makes adversarial tuples; by default one step.
          prediction: the `Ascent` of predictions; `inference` by default.
          truth, inferred, adversarial: proportions of the three kinds of tuples.
          zero_init_fraction: share of adversarial tuples that start at the uninformed output, not
            the truth.
          starts: the `TrainingStarts` of inference in training, by default all at the uninformed
            output, as in the paper.
          random_iterate: whether the second kind is a random output of inference's path, from its
            start to its end, and not always the last one.
          output_space, oracle, preprocessing, test_time_augmentation, seed, name: see
            `StructuredModel`.

        Raises:
          ConfigError: a setting is unknown or out of its range.
        """
        super().__init__(output_space, oracle, preprocessing, test_time_augmentation, seed, name)
        self.energy = energy
        self.inference = inference or GradientAscent(steps=20, step_size=0.5, norm=None)
        self.adversary = adversary or GradientAscent(steps=1, step_size=0.5, norm=None)
        self.prediction = prediction or self.inference
        self.truth = truth
        self.inferred = inferred
        self.adversarial = adversarial
        for kind in ("truth", "inferred", "adversarial"):
            check_number(f"DVN.{kind}", getattr(self, kind))
        check_number("DVN.zero_init_fraction", zero_init_fraction, most=1.0)
        self.zero_init_fraction = zero_init_fraction
        self.starts = starts or TrainingStarts()
        self.random_iterate = random_iterate
        check_path("DVN", self.inference, random_iterate)

    def error(self, z, y, y_true):
        """Cross entropy of v(x, y) to h(y, y*), [batch]: what training descends and the adversary
        ascends, h held fixed at each."""
        h = tf.stop_gradient(self.oracle_value(y, y_true))
        return losses.cross_entropy(self.score(z, y, training=True), h)

    def update(self, batch):
        x, y_true = self.prepare(batch.x), batch.y
        uninformed = self.space.start(y_true)
        seeds = tf.random.experimental.stateless_split(self.seed_of_step(self.optimizers["energy"]))
        with tf.GradientTape(persistent=True) as tape:
            z = self.encode(x, training=True)
            with tape.stop_recording():
                start = self.starts(uninformed, y_true, self.space, seeds[0])
                path = self.ascend(self.inference, z, start)
                y_inferred = iterate_at_random(path, seeds[1]) if self.random_iterate else path[-1]
                y_adversarial = self.adversary(
                    lambda y: per_example(self.error(z, y, y_true)),
                    replace_first(y_true, uninformed, self.zero_init_fraction),
                    self.space,
                )[-1]
            terms = {
                "truth": self.truth * self.error(z, y_true, y_true),
                "inferred": self.inferred * self.error(z, y_inferred, y_true),
                "adversarial": self.adversarial * self.error(z, y_adversarial, y_true),
            }
        return y_inferred, self.descend(tape, batch, energy=terms) | {
            "oracle/inferred": tf.reduce_mean(self.oracle_value(y_inferred, y_true)),
            "oracle/adversarial": tf.reduce_mean(self.oracle_value(y_adversarial, y_true)),
            "value/truth": tf.reduce_mean(self.value_of(z, y_true)),
            "value/inferred": tf.reduce_mean(self.value_of(z, y_inferred)),
        }
