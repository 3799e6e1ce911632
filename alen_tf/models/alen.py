"""Adversarial localized energy network (Pan et al., AAAI 2020): Algorithm 1, Eq. 4, 6, 7, 11,
12."""

import gin
import tensorflow as tf

from alen_tf.configured import register
from alen_tf.errors import check_number
from alen_tf.inference.ascent import GradientAscent, iterate_at_random
from alen_tf.models.batch import mean, only_counted
from alen_tf.models.energy_model import PairModel, check_path
from alen_tf.models.starts import TrainingStarts
from alen_tf.objectives import losses


@gin.register
@register
class ALEN(PairModel):
    """An energy network v(x, y) and an inference network g(x) that train each other.

    v = sigmoid(score) regresses on the oracle value of what g proposes and of what refinement makes
    of it; g is trained to reach high values, and pulled towards the truth by a surrogate loss.

    The paper's ablations are arguments: AEN is `beta_v = 0`, "no L_task" is `task_weight = 0`, the
    InfNet baseline is `lambda_g = 0` with no prediction steps, and InfNet (ALEN) is ALEN with no
    prediction steps.
    """

    bounded = True
    skips_missing = True

    def __init__(
        self,
        energy,
        inference_network,
        output_space="box",
        oracle="f1",
        refinement=None,
        prediction=None,
        lambda_v=1.0,
        beta_v=1.0,
        lambda_g=1.0,
        task_weight=1.0,
        regression_loss="squared_error",
        starts=None,
        random_iterate=False,
        alternating=False,
        preprocessing=None,
        test_time_augmentation=None,
        seed=None,
        name="alen",
        known_fraction=None,
    ):
        """Configures the method.

        Args:
          energy: v(x, y) before its sigmoid, a `keras.Model` of [x, y]; see `EnergyModel`.
          inference_network: g, a `keras.Model` from inputs to logits shaped like outputs.
          refinement: the `Ascent` that turns y' into y'' in training; `GradientAscent()` by
            default.
          prediction: the `Ascent` of predictions; `refinement` by default.
          lambda_v, beta_v: weights in Eq. 6 of the values of y' and of y''.
          lambda_g: weight of the adversarial term in Eq. 11.
          task_weight: weight of L_task in Eq. 11; the paper's is 1, or 0 for "no L_task".
          regression_loss: Eq. 6's distance of a score to its target: "squared_error", as in the
            paper, "cross_entropy", or a function of (score, target).
          starts: the `TrainingStarts` of refinement in training; all at y' by default, as in the
            paper.
          random_iterate: whether y'' is a random output of the refinement's path, from its
            start to its end, rather than always the last one, as in the paper.
          alternating: whether the inference network is judged by the energy network that has just
            been updated, as in Algorithm 1, and not by the one before. Costs another encoding.
          output_space, oracle, preprocessing, test_time_augmentation, seed, name, known_fraction:
            see `StructuredModel`.

        Raises:
          ConfigError: a setting is unknown or out of its range.
        """
        super().__init__(
            output_space,
            oracle,
            preprocessing,
            test_time_augmentation,
            seed,
            name,
            known_fraction,
        )
        self.energy = energy
        self.inference_network = inference_network
        self.refinement = refinement or GradientAscent()
        self.prediction = prediction or self.refinement
        self.lambda_v = lambda_v
        self.beta_v = beta_v
        self.lambda_g = lambda_g
        self.task_weight = task_weight
        for term in ("lambda_v", "beta_v", "lambda_g", "task_weight"):
            check_number(f"ALEN.{term}", getattr(self, term))
        self.regression_loss = losses.get_regression_loss(regression_loss)
        self.starts = starts or TrainingStarts()
        self.random_iterate = random_iterate
        self.alternating = alternating
        check_path("ALEN", self.refinement, random_iterate)

    def update(self, batch):
        """One pass of Algorithm 1's loop on a batch.

        Both gradients are taken at the same parameters, so that the input is encoded once, unless
        `alternating`.
        """
        x, space = self.prepare(batch.x, batch.given), self.space_of(batch)
        with tf.GradientTape(persistent=True) as tape:
            logits = self.logits(x, batch.fold, training=True)
            y_inference = space.relax(logits)  # y' = g(x)
            z = self.encode(x, logits, training=True)
            with tape.stop_recording():
                y_true = batch.completed(y_inference)  # y*, or y' where it is missing
                y_refined = self.refined(z, y_inference, y_true, space)  # y'', Eq. 12
                truth, inferred, refined = (
                    only_counted(y, batch.counted) for y in (y_true, y_inference, y_refined)
                )
                h_inference = self.oracle_value(inferred, truth)  # Eq. 8
                h_refined = self.oracle_value(refined, truth)
            s_true = self.score(z, y_true, training=True)
            s_inference = self.score(z, y_inference, training=True)
            s_refined = self.score(z, y_refined, training=True)
            energy_loss = losses.energy_loss_terms(  # Eq. 6
                s_true,
                s_inference,
                s_refined,
                h_inference,
                h_refined,
                self.lambda_v,
                self.beta_v,
                self.regression_loss,
            )
        scalars = self.descend(tape, batch, energy=energy_loss)
        with tape:
            judged = s_inference
            if self.alternating:
                z = self.encode(x, logits, training=True)
                judged = self.score(z, y_inference, training=True)
            task_loss = self.space.cross_entropy(logits, batch.truth)
            inference_loss = losses.inference_loss_terms(  # Eq. 7, 11
                task_loss, judged, self.task_weight, self.lambda_g
            )
        scalars |= self.descend(tape, batch, inference_network=inference_loss)
        return y_refined, scalars | {
            "oracle/inference_network": mean(h_inference, counted=batch.counted),
            "oracle/refined": mean(h_refined, counted=batch.counted),
            "value/truth": tf.reduce_mean(tf.sigmoid(s_true)),
            "value/inference_network": tf.reduce_mean(tf.sigmoid(s_inference)),
            "value/refined": tf.reduce_mean(tf.sigmoid(s_refined)),
            "refinement/distance": distance(y_refined, y_inference),
        }

    def refined(self, z, y, y_true, space):
        """The y'' of training for y' = g(x): the end of the path, or an output along it."""
        seeds = tf.random.experimental.stateless_split(self.seed_of_step(self.optimizers["energy"]))
        start = space.clamp(self.starts(y, y_true, space, seeds[0]))
        path = self.ascend(self.refinement, z, start, space)
        return iterate_at_random(path, seeds[1]) if self.random_iterate else path[-1]


def distance(y1, y2):
    """Mean Euclidean distance between outputs of a batch."""
    squares = tf.reduce_sum(tf.square(y1 - y2), axis=list(range(1, len(y1.shape))))
    return tf.reduce_mean(tf.sqrt(squares))
