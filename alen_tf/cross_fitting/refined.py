"""A classifier's marginals, decoded: at a threshold, by expected F1, or refined on an energy that
has learned from out-of-fold ones. Rows held out from all of it choose."""

import keras
import numpy as np
import tensorflow as tf
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from alen_tf.cross_fitting.calibration import Platt, logits
from alen_tf.datasets.splits import Examples
from alen_tf.inference import expected_f1
from alen_tf.models.oracle_regression import OracleRegression
from alen_tf.networks.expected_oracle import ExpectedOracle
from alen_tf.objectives.metrics import f1_of_examples
from alen_tf.training import in_memory
from alen_tf.training.loop import Batches, Loop

BATCH = 32
EPOCHS = 40
# Fewer training steps than these do not train an energy; more bring nothing.
STEPS = (500, 4000)
LEARNING_RATE = 5e-3
PARTS = 3
THRESHOLDS = np.linspace(0.02, 0.8, 79)
DECODINGS = ("refined", "expected_f1", "threshold")


class Refined:
    """Decodes marginals into label sets, and tells the F1 to expect of each.

    Attributes:
      decoding: the decoding in use, of `DECODINGS`.
      scores: mean F1 of every decoding on rows that its energy has not learned from.
      threshold: of the decoding "threshold".
    """

    def __init__(self, marginals, y, decoding="auto", units=16, seed=0):
        """Fits calibration, threshold, energy and confidence.

        Args:
          marginals: out-of-fold P(y_i = 1 | x), [rows, labels].
          y: labels in {0, 1}, [rows, labels].
          decoding: one of `DECODINGS`, or "auto" for the one with the highest of `scores`; of equal
            ones the first.
          units: width of the energy's residual.
          seed: of the energy.
        """
        self._rows, self._seed = len(y), seed
        found = logits(marginals, self._rows)
        self.allow_empty = bool(np.any(y.sum(axis=1) == 0))
        self._calibrate(found, y)
        training = _EnergyTraining(found, y, units, seed)
        values = {name: np.zeros(len(y)) for name in DECODINGS}
        evidence = {name: np.zeros((len(y), 2)) for name in DECODINGS}
        for learned, held_out in KFold(PARTS, shuffle=True, random_state=seed).split(found):
            self._calibrate(found[learned], y[learned])
            self.energy = training(learned)
            for name in DECODINGS:
                sets = self.sets(found[held_out], name)
                values[name][held_out] = f1_of_examples(sets, y[held_out])
                evidence[name][held_out] = self._evidence(found[held_out], sets)
        self.scores = {name: float(each.mean()) for name, each in values.items()}
        self.decoding = max(DECODINGS, key=self.scores.get) if decoding == "auto" else decoding
        self._confidence = _Share(evidence[self.decoding], values[self.decoding])
        self._calibrate(found, y)
        self.energy = training(np.arange(len(y)))

    def _calibrate(self, found, y):
        self.calibration = Platt(found, y)
        calibrated = self.calibration(found)
        scores = [np.mean(f1_of_examples(calibrated >= each, y)) for each in THRESHOLDS]
        self.threshold = float(THRESHOLDS[np.argmax(scores)])
        self._emptiness = _Emptiness(found, y)

    # Prediction.

    def logits(self, marginals, known=None):
        """What the other methods take, of marginals of new rows; known labels are all but sure."""
        return logits(_with(known, marginals), self._rows)

    def marginals(self, found, known=None):
        """Calibrated marginals of logits, [rows, labels], with known labels in their places."""
        return _with(known, self.calibration(found))

    def relaxed(self, found, known=None):
        """The relaxed outputs that refinement on the energy ends at, [rows, labels]."""
        return self.energy.refine(found, known=known)[-1]

    def sets(self, found, decoding=None, known=None):
        """Label sets of logits, bool [rows, labels]; known labels are kept."""
        decoding = decoding or self.decoding
        if decoding == "threshold":
            sets = self.marginals(found, known) >= self.threshold
        elif decoding == "expected_f1":
            sets = expected_f1.decode(self.marginals(found, known), self.allow_empty)[0]
        else:
            sets = self.relaxed(found, known) >= 0.5
            empty = self._emptiness(found)
            sets[empty > (1.0 - empty) * self.energy.value(found, sets)] = False
        return _with(known, sets).astype(bool)

    def confidence(self, found, sets, known=None):
        """The expected F1 of label sets, [rows]: of v and of the expected F1 under independence
        what predicts the F1 of held-out rows best."""
        return self._confidence(self._evidence(found, sets, known))

    def value(self, found, sets):
        """v(l, y) of label sets, [rows]: conditional on that there are labels; of the empty set the
        probability that there are none."""
        empty = self._emptiness(found)
        value = (1.0 - empty) * self.energy.value(found, sets)
        return np.where(np.any(sets, axis=1), value, empty)

    def _evidence(self, found, sets, known=None):
        """Logits of v and of the expected F1 under independence, [rows, 2]."""
        expected = expected_f1.value(self.marginals(found, known), sets)
        values = np.clip(np.stack([self.value(found, sets), expected], axis=1), 1e-3, 1.0 - 1e-3)
        return np.log(values) - np.log1p(-values)


class _EnergyTraining:
    """Trains one energy again and again, from the same start and in as many steps."""

    def __init__(self, found, y, units, seed):
        self._labelled = y.any(axis=1)
        with in_memory.seeded(seed):
            self._model = OracleRegression(
                ExpectedOracle(units=units),
                keras.Sequential([keras.layers.Identity()]),  # rows are logits already
                seed=seed,
            )
            self._model.build(found.shape, y.shape)
        self._batches = _Drawn(Examples(found, y), BATCH, seed)
        self._epochs = in_memory.epochs(EPOCHS, self._batches, STEPS)
        steps = self._epochs * self._batches.per_epoch
        rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
        self._model.compile(energy_optimizer=keras.optimizers.Adam(rate))
        self._loop = Loop(self._model, self._batches)
        self._variables = [*self._model.variables, *self._model.optimizers["energy"].variables]
        self._start = [variable.numpy() for variable in self._variables]

    def __call__(self, rows):
        """The energy of those rows that have labels: v(l, y) is conditional on that there are
        any."""
        for variable, value in zip(self._variables, self._start, strict=True):
            variable.assign(value)
        self._batches.rows = rows[self._labelled[rows]]
        for epoch in range(self._epochs):
            self._loop.epoch(epoch)
        return self._model


class _Drawn(Batches):
    """Batches of some rows alone, as many per epoch as all rows fill.

    Attributes:
      rows: their numbers.
    """

    def order(self, epoch):
        wanted = self.per_epoch * self.size
        draws = np.random.default_rng((self._seed, epoch))
        times = -(-wanted // max(1, len(self.rows)))
        drawn = [draws.permutation(self.rows) for _ in range(times)] if len(self.rows) else []
        return tf.constant(np.concatenate([*drawn, np.zeros(wanted)])[:wanted], tf.int32)


class _Emptiness:
    """P(no label | x), where training rows without any label tell; else 0."""

    def __init__(self, found, y):
        empty = y.sum(axis=1) == 0
        self._model = None
        if 1 < np.count_nonzero(empty) < len(y) - 1:
            self._model = LogisticRegression().fit(_signs_of_none(found), empty)

    def __call__(self, found):
        if self._model is None:
            return np.zeros(len(found))
        return self._model.predict_proba(_signs_of_none(found))[:, 1]


class _Share:
    """Logistic regression on a share in [0, 1]: each row counts as a success and as a failure, by
    its share."""

    def __init__(self, x, share):
        weights = np.concatenate([share, 1.0 - share])
        targets = np.repeat([1, 0], len(share))
        self._model = LogisticRegression().fit(np.concatenate([x, x]), targets, weights)

    def __call__(self, x):
        return self._model.predict_proba(x)[:, 1]


def _signs_of_none(found):
    """Under independence log P(no label), and the largest logit, [rows, 2]."""
    return np.stack([-np.logaddexp(0.0, found).sum(axis=1), found.max(axis=1)], axis=1)


def _with(known, values):
    """Values, with known ones in their places."""
    return values if known is None else np.where(np.isnan(known), values, known)
