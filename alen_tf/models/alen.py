"""Adversarial localized energy network (Pan et al., AAAI 2020): Algorithm 1, Eq. 4, 6, 7, 11,
12."""

import gin
import tensorflow as tf

from alen_tf.errors import check_number
from alen_tf.inference.ascent import along
from alen_tf.models.learner import replace_first, total
from alen_tf.models.pair_learner import PairLearner
from alen_tf.models.starts import varied
from alen_tf.models.value_regression import ValueRegression
from alen_tf.objectives import losses


@gin.register
class ALEN(ValueRegression, PairLearner):
    """An energy network v(x, y) and an inference network g(x) that train each other.

    v = sigmoid(score) regresses on the oracle value of what g proposes and of what refinement makes
    of it; g is trained to reach high values, and to the truth by a surrogate loss.

    The paper's ablations are arguments: AEN is `beta_v = 0`, "no L_task" is `task_weight = 0`, the
    InfNet baseline is `lambda_g = 0` with no prediction steps, and InfNet (ALEN) is ALEN with no
    prediction steps.
    """

    def __init__(
        self,
        energy=gin.REQUIRED,
        inference_network=gin.REQUIRED,
        energy_optimizer=gin.REQUIRED,
        inference_optimizer=gin.REQUIRED,
        refinement=gin.REQUIRED,
        prediction=gin.REQUIRED,
        lambda_v=1.0,
        beta_v=1.0,
        lambda_g=1.0,
        task_weight=1.0,
        a=1.0,
        d=1.0,
        distance=losses.squared_error,
        uninformed=0.0,
        mixed=0.0,
        crisp=False,
        anywhere=False,
        name="alen",
    ):
        """Stores hyper-parameters.

        Args:
          energy: factory of the `Energy`, called with the size of the last output axis.
          inference_network: factory of g, a `keras.Model` from inputs to logits, called likewise.
          energy_optimizer: factory of the optimizer of theta_v, called with the run's number of
            steps.
          inference_optimizer: factory of the optimizer of theta_g, called likewise.
          refinement: the `GradientAscent` that turns y' into y'' in training.
          prediction: the `GradientAscent` of predictions.
          lambda_v, beta_v: weights in Eq. 6 of the values of y' and of y''.
          lambda_g: weight of the adversarial term in Eq. 11.
          task_weight: weight of L_task in Eq. 11; the paper's is 1, or 0 for "no L_task".
          a: target in Eq. 6 of the value of the truth.
          d: target in Eq. 7 of the value of y'.
          distance: Eq. 6's distance of a score to its target: `squared_error`, as in the paper, or
            `cross_entropy`.
          uninformed: share of each batch whose refinement starts at the uninformed output in place
            of y'. Not in the paper: it keeps the energy's neighbourhood wide once g fits the
            training split.
          mixed: share of each batch whose refinement starts somewhere between y' and the truth of
            another example. Not in the paper: it shows the energy outputs that are wrong and as
            crisp as the truth, and all between, so that v cannot take crispness for truth.
          crisp: whether every other start is decoded, at a random threshold. Not in the paper: how
            soft y' is tells how good it is, and v could do without x.
          anywhere: whether y'' is any output of the refinement's path, from its start to its end,
            and not always the last one as in the paper. Which one goes by the place in the batch
            (`along`), and so do starts: in a batch of 8 the only uninformed one gives no step but
            the first.
          name: the method's name in results.
        """
        super().__init__(
            energy,
            inference_network,
            energy_optimizer,
            inference_optimizer,
            refinement,
            prediction,
            name,
        )
        self.lambda_v = lambda_v
        self.beta_v = beta_v
        self.lambda_g = lambda_g
        self.task_weight = task_weight
        self.a = a
        self.d = d
        self.distance = distance
        for term in ("lambda_v", "beta_v", "lambda_g", "task_weight"):
            check_number(f"ALEN.{term}", getattr(self, term))
        check_number("ALEN.uninformed", uninformed, most=1.0)
        check_number("ALEN.mixed", mixed, most=1.0)
        self.uninformed = uninformed
        self.mixed = mixed
        self.crisp = crisp
        self.anywhere = anywhere

    def train_step(self, x, y_true):
        """One pass of Algorithm 1's loop on a batch.

        Both gradients are taken at the same parameters, so that the input is encoded once;
        Algorithm 1 as printed would let the inference network see the energy network one update
        later.
        """
        x = self.standardization(x)
        with tf.GradientTape(persistent=True) as tape:
            z = self.energy.encode(x, training=True)
            logits = self.inference_network(x, training=True)
            y_inference = self.space.relax(logits)  # y' = g(x)
            with tape.stop_recording():
                y_refined = self.refine(z, y_inference, y_true)  # y''
            s_true = self.energy.score(z, y_true)
            s_inference = self.energy.score(z, y_inference)
            s_refined = self.energy.score(z, y_refined)
            b = tf.stop_gradient(self.oracle(y_inference, y_true))
            c = self.oracle(y_refined, y_true)
            energy_terms = losses.energy_loss_terms(
                s_true,
                s_inference,
                s_refined,
                self.a,
                b,
                c,
                self.lambda_v,
                self.beta_v,
                self.distance,
            )
            inference_terms = losses.inference_loss_terms(
                self.space.cross_entropy(logits, y_true),
                s_inference,
                self.d,
                self.task_weight,
                self.lambda_g,
            )
            energy_loss, energy_scalars = total(energy_terms, self.energy, "energy_loss")
            inference_loss, inference_scalars = total(
                inference_terms, self.inference_network, "inference_loss"
            )
        energy_told = self.descend(tape, energy_loss, "energy", self.energy_optimizer)
        inference_told = self.descend(
            tape, inference_loss, "inference_network", self.inference_optimizer
        )
        return energy_scalars | inference_scalars, lambda: {
            "oracle/inference_network": tf.reduce_mean(b),
            "oracle/refined": tf.reduce_mean(c),
            "value/truth": tf.reduce_mean(tf.sigmoid(s_true)),
            "value/inference_network": tf.reduce_mean(tf.sigmoid(s_inference)),
            "value/refined": tf.reduce_mean(tf.sigmoid(s_refined)),
            **energy_told(),
            **inference_told(),
            "refinement/distance": distance(y_refined, y_inference),
        }

    def start(self, y, y_true):
        """Where refinement starts in training: at y', or for shares of the batch at the uninformed
        output and between y' and the truth of the example before; every other one crisp."""
        start = varied(
            y,
            y_true,
            self.space,
            self.energy_optimizer.iterations.value,
            self.mixed and self.uninformed + self.mixed,
            self.crisp,
        )
        return replace_first(start, self.space.start(y), self.uninformed)

    def refine(self, z, y, y_true):
        """The y'' of training for y' = g(x): the end of the path, or `anywhere` on it."""
        path = self.ascend(self.refinement, z, self.start(y, y_true))
        return along(path) if self.anywhere else path[-1]


def distance(y1, y2):
    """Mean Euclidean distance between outputs of a batch."""
    squares = tf.reduce_sum(tf.square(y1 - y2), axis=list(range(1, len(y1.shape))))
    return tf.reduce_mean(tf.sqrt(squares))
