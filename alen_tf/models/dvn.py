"""Deep value network (Gygli, Norouzi & Angelova, ICML 2017): regression on oracle values."""

import gin
import tensorflow as tf

from alen_tf.errors import check_number
from alen_tf.inference.ascent import along
from alen_tf.models.energy_learner import EnergyLearner
from alen_tf.models.learner import per_example, replace_first, total
from alen_tf.models.starts import varied
from alen_tf.models.value_regression import ValueRegression
from alen_tf.objectives import losses


@gin.register
class DVN(ValueRegression, EnergyLearner):
    """v(x, y) = sigmoid(score) learns how good an output is; prediction ascends on it.

    The loss is -h log v - (1 - h) log(1 - v) with h = h(y, y*), over tuples (x, y, h) of three
    kinds: y is the truth, the result of inference from the uninformed output (but see `mixed`), or
    adversarial: one step up the loss from the truth or from the uninformed output, to where v and h
    disagree more. Every example gives one tuple of each kind in every step, weighted by the kind's
    proportion: the mean gradient of drawing one at random. (The authors' released code instead
    draws a kind per batch, and its adversarial steps climb v.)
    """

    def __init__(
        self,
        energy=gin.REQUIRED,
        energy_optimizer=gin.REQUIRED,
        inference=gin.REQUIRED,
        adversary=gin.REQUIRED,
        prediction=gin.REQUIRED,
        truth=0.25,
        inferred=0.5,
        adversarial=0.25,
        uninformed=0.5,
        mixed=0.0,
        crisp=False,
        anywhere=False,
        name="dvn",
    ):
        """Stores hyper-parameters.

        Args:
          energy, energy_optimizer, prediction: see `EnergyLearner`.
          inference: the ascent on v that makes tuples in training.
          adversary: the ascent on the loss that makes adversarial tuples: one step.
          truth, inferred, adversarial: proportions of the three kinds of tuples.
          uninformed: share of adversarial tuples that start at the uninformed output, not the
            truth.
          mixed: share of inference's starts that are on the way from the uninformed output to the
            truth of another example, see `varied`. Not in the paper: v learns what lies beside the
            way to the truth, too.
          crisp: whether every other one of these is that truth itself.
          anywhere: whether the second kind is any output of inference's path, from its start to its
            end, and not always the last one.
          name: the method's name in results.
        """
        super().__init__(energy, energy_optimizer, prediction, name)
        self.inference = inference
        self.adversary = adversary
        self.truth = truth
        self.inferred = inferred
        self.adversarial = adversarial
        for kind in ("truth", "inferred", "adversarial"):
            check_number(f"DVN.{kind}", getattr(self, kind))
        check_number("DVN.uninformed", uninformed, most=1.0)
        check_number("DVN.mixed", mixed, most=1.0)
        self.uninformed = uninformed
        self.mixed = mixed
        self.crisp = crisp
        self.anywhere = anywhere

    def error(self, z, y, y_true):
        """Cross entropy of v(x, y) to h(y, y*), [batch]: what training descends and the adversary
        ascends, h held fixed at each."""
        h = tf.stop_gradient(self.oracle(y, y_true))
        return losses.cross_entropy(self.energy.score(z, y), h)

    def train_step(self, x, y_true):
        x = self.standardization(x)
        uninformed = self.space.start(y_true)
        iteration = self.energy_optimizer.iterations.value
        others = varied(uninformed, y_true, self.space, iteration, 1.0, self.crisp)
        start = replace_first(uninformed, others, self.mixed)
        with tf.GradientTape() as tape:
            z = self.energy.encode(x, training=True)
            with tape.stop_recording():
                path = self.ascend(self.inference, z, start)
                y_inferred = along(path, iteration) if self.anywhere else path[-1]
                y_adversarial = self.adversary(
                    lambda y: per_example(self.error(z, y, y_true)),
                    replace_first(y_true, uninformed, self.uninformed),
                    self.space,
                )[-1]
            terms = {
                "truth": self.truth * self.error(z, y_true, y_true),
                "inferred": self.inferred * self.error(z, y_inferred, y_true),
                "adversarial": self.adversarial * self.error(z, y_adversarial, y_true),
            }
            loss, scalars = total(terms, self.energy, "energy_loss")
        told = self.descend(tape, loss, "energy", self.energy_optimizer)
        return scalars, lambda: {
            "oracle/inferred": tf.reduce_mean(self.oracle(y_inferred, y_true)),
            "oracle/adversarial": tf.reduce_mean(self.oracle(y_adversarial, y_true)),
            "value/truth": tf.reduce_mean(self.value(z, y_true)),
            "value/inferred": tf.reduce_mean(self.value(z, y_inferred)),
            **told(),
        }
