"""A classifier's marginals, decoded: at a threshold, by expected F1, or refined on an energy that
has learned from out-of-fold ones. Rows held out from all of it choose."""

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from alen_tf.cross_fitting.calibration import Platt, logits
from alen_tf.inference import expected_f1
from alen_tf.models.oracle_regression import OracleRegression
from alen_tf.networks.expected_oracle import ExpectedOracle
from alen_tf.objectives.metrics import f1_of_examples

BATCH = 32
EPOCHS = 60
# Fewer training steps than these do not train an energy; more bring nothing.
STEPS = (600, 6000)
LEARNING_RATE = 5e-3
THRESHOLDS = np.linspace(0.02, 0.8, 79)
DECODINGS = ("refined", "expected_f1", "threshold")


class Refined:
    """Decodes marginals into label sets, and tells the F1 to expect of each."""

    def __init__(self, marginals, y, decoding="auto", units=16, seed=0):
        """Fits calibration, threshold and energy.

        Args:
          marginals: out-of-fold P(y_i = 1 | x), [rows, labels].
          y: labels in {0, 1}, [rows, labels].
          decoding: "refined", "expected_f1", "threshold", or "auto" for the one with the highest F1
            on halves of the rows that the energy has not learned from; of equal ones the first.
          units: width of the energy's residual.
          seed: of the energy.
        """
        self._rows, self._units, self._seed = len(y), units, seed
        found = logits(marginals, self._rows)
        self.allow_empty = bool(np.any(y.sum(axis=1) == 0))
        self.scores = {}
        if decoding == "auto":
            decoding = self._choose(found, y)
        self.decoding = decoding
        self._fit(found, y)

    def _choose(self, found, y):
        """The best decoding on rows that nothing here has learned from; keeps their F1."""
        scores = {name: np.zeros(len(y)) for name in DECODINGS}
        halves = KFold(2, shuffle=True, random_state=self._seed)
        for learned, held_out in halves.split(found):
            self._fit(found[learned], y[learned])
            for name in DECODINGS:
                sets = self.sets(found[held_out], name)
                scores[name][held_out] = f1_of_examples(sets, y[held_out])
        self.scores = {name: float(values.mean()) for name, values in scores.items()}
        return max(DECODINGS, key=self.scores.get)

    def _fit(self, found, y):
        self.calibration = Platt(found, y)
        calibrated = self.calibration(found)
        scores = [np.mean(f1_of_examples(calibrated >= each, y)) for each in THRESHOLDS]
        self.threshold = float(THRESHOLDS[np.argmax(scores)])
        self._emptiness = _Emptiness(found, y)
        self.energy = self._trained(found, y)

    def _trained(self, found, y):
        """An energy of the rows that have labels: v(l, y) is conditional on that there are any."""
        labelled = y.any(axis=1)
        found, y = found[labelled], y[labelled]
        keras.utils.set_random_seed(self._seed)
        batch = min(BATCH, len(y))
        per_epoch = len(y) // batch
        epochs = int(np.clip(EPOCHS, -(-STEPS[0] // per_epoch), max(1, STEPS[1] // per_epoch)))
        model = OracleRegression(
            ExpectedOracle(units=self._units),
            keras.Sequential([keras.layers.Identity()]),  # rows are logits already
            seed=self._seed,
        )
        rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, epochs * per_epoch)
        model.compile(energy_optimizer=keras.optimizers.Adam(rate), steps_per_execution=100)
        model.fit(found, y, batch_size=batch, epochs=epochs, verbose=0)
        return model

    # Prediction.

    def logits(self, marginals):
        """What the other methods take, of marginals of new rows."""
        return logits(marginals, self._rows)

    def sets(self, found, decoding=None):
        """Label sets of logits, bool [rows, labels]."""
        decoding = decoding or self.decoding
        if decoding == "threshold":
            return self.calibration(found) >= self.threshold
        if decoding == "expected_f1":
            return expected_f1.decode(self.calibration(found), self.allow_empty)[0]
        sets = self.energy.refine(found)[-1] >= 0.5
        empty = self._emptiness(found)
        sets[empty > (1.0 - empty) * self.energy.value(found, sets)] = False
        return sets

    def value(self, found, sets):
        """The expected F1 of label sets, [rows]: v(l, y), and of the empty set the probability that
        no label is true."""
        empty = self._emptiness(found)
        value = (1.0 - empty) * self.energy.value(found, sets)
        return np.where(np.any(sets, axis=1), value, empty)


class _Emptiness:
    """P(no label | x), where training rows without any label tell; else 0."""

    def __init__(self, found, y):
        empty = y.sum(axis=1) == 0
        self._model = None
        if 1 < np.count_nonzero(empty) < len(y) - 1:
            self._model = LogisticRegression().fit(_evidence(found), empty)

    def __call__(self, found):
        if self._model is None:
            return np.zeros(len(found))
        return self._model.predict_proba(_evidence(found))[:, 1]


def _evidence(found):
    """Under independence log P(no label), and the largest logit, [rows, 2]."""
    return np.stack([-np.logaddexp(0.0, found).sum(axis=1), found.max(axis=1)], axis=1)
