"""Decodes a classifier's logits: at a threshold, by expected F1, or by refinement on an energy that
has learned from out-of-fold logits. Rows held out from all of these choose the decoding."""

import keras
import numpy as np
import tensorflow as tf
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from alen_tf.cross_fitting.calibration import logit, sigmoid, weights_of
from alen_tf.datasets.splits import Examples
from alen_tf.inference import expected_f1
from alen_tf.models.masked_likelihood import MaskedLikelihood
from alen_tf.networks.conditionals import Conditionals
from alen_tf.networks.sampled_oracle import SampledOracle
from alen_tf.objectives.metrics import f1_of_examples
from alen_tf.training import in_memory
from alen_tf.training.loop import Batches, Loop

BATCH = 64
EPOCHS = 40
# Fewest and most training steps: fewer do not train an energy, more do not help.
STEPS = (1000, 4000)
LEARNING_RATE = 0.01
PARTS = 3
MANY = 3000  # rows, a third of which is enough
THRESHOLDS = np.linspace(0.02, 0.8, 79)
MARGIN = 1e-3  # values are kept at least this far from 0 and 1
DECODINGS = ("refined", "expected_f1", "threshold")


class Refined:
    """Decodes logits into label sets, and predicts the F1 of each.

    Attributes:
      decoding: the decoding in use, one of `DECODINGS`.
      scores: mean F1 of every decoding, on rows that the energy has not seen.
      threshold: of the decoding "threshold".
      energy: the `MaskedLikelihood` whose v(l, y) is the expected F1 of y.
    """

    def __init__(self, found, y, decoding="auto", seed=0, weight=None):
        """Fits threshold, energy and confidence.

        Args:
          found: out-of-fold logits, calibrated, [rows, labels].
          y: labels in {0, 1}, NaN where they are missing, [rows, labels].
          decoding: one of `DECODINGS`, or "auto" for the first whose score is within a standard
            error of the highest one.
          seed: of the energy.
          weight: of each row, [rows]; equal by default.
        """
        weight = weights_of(len(y), weight)
        self.allow_empty = bool(np.any(np.all(y == 0, axis=1)))
        self._seen = np.any(y == 1, axis=0)
        training = _Training(found, y, weight, seed)
        self.energy = training.model
        judged, values, evidence = [], [], []
        for learned, held_out in _splits(len(y), seed):
            training(learned)
            self._learn(found[learned], y[learned], weight[learned])
            sets = [self.sets(found[held_out], decoding) for decoding in DECODINGS]
            judged.append(weight[held_out])
            values.append(np.stack([f1_of_examples(each, y[held_out]) for each in sets], axis=1))
            evidence.append(self._evidence(found[held_out], np.stack(sets, axis=1)))
        judged, values, evidence = map(np.concatenate, (judged, values, evidence))
        scores = np.average(values, axis=0, weights=judged)
        self.scores = dict(zip(DECODINGS, scores.tolist(), strict=True))
        self.decoding = _preferred(values, judged) if decoding == "auto" else decoding
        chosen = DECODINGS.index(self.decoding)
        self._confidence = _Share(evidence[:, chosen], values[:, chosen], judged)
        training(np.arange(len(y)))
        self._learn(found, y, weight)

    def _learn(self, found, y, weight):
        marginals = sigmoid(found)
        scores = [np.average(f1_of_examples(marginals >= t, y), weights=weight) for t in THRESHOLDS]
        self.threshold = float(THRESHOLDS[np.argmax(scores)])
        self._emptiness = _Emptiness(found, y, weight)

    # Prediction.

    def marginals(self, found, known=None):
        """Calibrated marginals of logits, [rows, labels], given the known labels, which keep their
        values."""
        return sigmoid(found) if known is None else self.energy.marginals(found, known)

    def relaxed(self, found, known=None):
        """The relaxed outputs at the end of refinement on the energy, [rows, labels]."""
        return self.energy.refine(found, known=known)[-1]

    def sets(self, found, decoding=None, known=None):
        """Label sets of logits, bool [rows, labels]; known labels are kept, and labels that no
        training row had are never predicted."""
        decoding = decoding or self.decoding
        if decoding == "threshold":
            sets = self.marginals(found, known) >= self.threshold
        elif decoding == "expected_f1":
            sets = expected_f1.decode(self.marginals(found, known), self.allow_empty)[0]
        else:
            sets = self.relaxed(found, known) >= 0.5
            if self.allow_empty:  # otherwise the empty set has the value 0
                none = np.zeros_like(sets)
                value, of_none = self.value(found, np.stack([sets, none], axis=1), known).T
                sets &= (value >= of_none)[:, None]
        sets = sets & self._seen
        return sets if known is None else np.where(np.isnan(known), sets, known == 1)

    def value(self, found, sets, known=None):
        """The expected F1, [rows, sets], of label sets, [rows, sets, labels], under the energy's
        joint distribution, except that the probability of no label comes from `_Emptiness`."""
        none = np.zeros_like(sets[:, :1])
        *values, of_none = self.energy.value(found, np.concatenate([sets, none], axis=1), known).T
        chance = self._emptiness(found)
        if known is not None and self.allow_empty:  # evidence as strong as the energy says
            before = self.energy.value(found, none)[:, 0]
            chance = sigmoid(logit(chance, MARGIN) + logit(of_none, MARGIN) - logit(before, MARGIN))
            chance[np.any(known == 1, axis=1)] = 0.0
        conditional = np.stack(values, axis=1) / np.maximum(1.0 - of_none, 1e-3)[:, None]
        labelled = np.minimum((1.0 - chance)[:, None] * conditional, 1.0)
        return np.where(sets.any(axis=2), labelled, chance[:, None])

    def confidence(self, found, sets, known=None):
        """The expected F1 of label sets, [rows]: the combination of v and the expected F1 under
        independence that predicts the F1 of held-out rows best."""
        return self._confidence(self._evidence(found, sets[:, None], known)[:, 0])

    def gains(self, found, known=None, candidates=20):
        """How much knowing each label is expected to raise the expected F1 of the best set.

        sum_(b in 0, 1) P(y_i = b | x, y_K) max_y v(y | y_K, y_i = b) - max_y v(y | y_K), where the
        sets that this object decodes stand for the best ones.

        Args:
          found: logits, [rows, labels].
          known: known labels, [rows, labels], NaN where unknown.
          candidates: number of labels per row to consider, the least certain ones.

        Returns:
          [rows, labels], NaN for known labels and for labels that are not candidates.
        """
        known = np.full(found.shape, np.nan) if known is None else np.array(known, float)
        marginals = self.marginals(found, known)
        uncertain = np.where(np.isnan(known), np.minimum(marginals, 1.0 - marginals), -1.0)
        ranked = np.argsort(-uncertain, axis=1, kind="stable")[:, :candidates]
        gains, rows = np.full(found.shape, np.nan), np.arange(len(found))
        before = self._best_value(found, known)
        for label in ranked.T:
            expected = -before
            for value, chance in ((1, marginals[rows, label]), (0, 1.0 - marginals[rows, label])):
                given = known.copy()
                given[rows, label] = value
                expected = expected + chance * self._best_value(found, given)
            gains[rows, label] = expected
        return np.where(np.isnan(known), gains, np.nan)

    def _best_value(self, found, known):
        return self.value(found, self.sets(found, known=known)[:, None], known)[:, 0]

    def _evidence(self, found, sets, known=None):
        """Logits of v and of the expected F1 under independence, [rows, sets, 2], of label sets,
        [rows, sets, labels]."""
        marginals, several = self.marginals(found, known), np.swapaxes(sets, 0, 1)
        expected = np.stack([expected_f1.value(marginals, each) for each in several], axis=1)
        return logit(np.stack([self.value(found, sets, known), expected], axis=-1), MARGIN)


def _splits(rows, seed):
    """Indices of rows that an energy learns from, and of rows that judge it: all in turn, or a part
    if there are many rows."""
    splits = list(KFold(PARTS, shuffle=True, random_state=seed).split(np.zeros(rows)))
    return splits if rows < MANY else splits[:1]


class _Training:
    """Trains one energy repeatedly, from the same start and for the same number of steps, so that
    TensorFlow compiles it once."""

    def __init__(self, found, y, weight, seed):
        with in_memory.seeded(seed):
            self.model = MaskedLikelihood(
                SampledOracle(Conditionals(l2=1.0 / len(y))),  # a standard normal prior
                keras.Sequential([keras.layers.Identity()]),  # rows are already logits
                seed=seed,
            )
            self.model.build(found.shape, y.shape)
        self._batches = _Drawn(Examples(found, y, weight=weight), BATCH, seed)
        self._epochs = in_memory.epochs(EPOCHS, self._batches, STEPS)
        steps = self._epochs * self._batches.per_epoch
        rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
        self.model.compile(energy_optimizer=keras.optimizers.Adam(rate))
        self._loop = Loop(self.model, self._batches)
        self._variables = [*self.model.variables, *self.model.optimizers["energy"].variables]
        self._start = [variable.numpy() for variable in self._variables]

    def __call__(self, rows):
        """Trains on the rows with these indices."""
        for variable, value in zip(self._variables, self._start, strict=True):
            variable.assign(value)
        self._batches.rows = rows
        for epoch in range(self._epochs):
            self._loop.epoch(epoch)


class _Drawn(Batches):
    """Batches of a subset of rows, as many per epoch as all rows would fill.

    Attributes:
      rows: their numbers.
    """

    def order(self, epoch):
        wanted = self.per_epoch * self.size
        draws = np.random.default_rng((self._seed, epoch))
        times = -(-wanted // len(self.rows))
        drawn = np.concatenate([draws.permutation(self.rows) for _ in range(times)])
        return tf.constant(drawn[:wanted], tf.int32)


class _Emptiness:
    """P(no label | x), learned if training rows without labels exist; otherwise 0."""

    def __init__(self, found, y, weight):
        empty, labelled = np.all(y == 0, axis=1), np.any(y == 1, axis=1)
        self._model = None
        if np.count_nonzero(empty) > 1 and np.count_nonzero(labelled) > 1:
            told = empty | labelled  # a row with missing labels may have one of them
            signs = _signs_of_none(found[told])
            self._model = LogisticRegression().fit(signs, empty[told], weight[told])

    def __call__(self, found):
        if self._model is None:
            return np.zeros(len(found))
        return self._model.predict_proba(_signs_of_none(found))[:, 1]


def _preferred(values, weight):
    """The first decoding that is not worse than the best one by more than a standard error of the
    difference (Breiman et al., 1984); the energies behind `values` learned from fewer rows than the
    one in use.

    Args:
      values: F1 of every row, [rows, decodings].
      weight: of each row, [rows].
    """
    best = np.argmax(np.average(values, axis=0, weights=weight))
    worse = values[:, [best]] - values
    mean, share = np.average(worse, axis=0, weights=weight), weight / weight.sum()
    error = np.sqrt(np.square(share) @ np.square(worse - mean))
    return DECODINGS[np.argmax(mean <= error)]


class _Share:
    """Logistic regression on a share in [0, 1]: each row counts as a success with weight share, and
    as a failure with weight 1 - share."""

    def __init__(self, x, share, weight):
        weights = np.concatenate([weight * share, weight * (1.0 - share)])
        targets = np.repeat([1, 0], len(share))
        self._model = LogisticRegression().fit(np.concatenate([x, x]), targets, weights)

    def __call__(self, x):
        return self._model.predict_proba(x)[:, 1]


def _signs_of_none(found):
    """Under independence, log P(no label), and the largest logit, [rows, 2]."""
    return np.stack([-np.logaddexp(0.0, found).sum(axis=1), found.max(axis=1)], axis=1)
