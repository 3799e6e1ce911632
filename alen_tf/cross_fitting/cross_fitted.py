"""Classifiers of any kind, stacked, and an energy that learns from their out-of-fold logits."""

import functools

import numpy as np

from alen_tf.configured import named
from alen_tf.cross_fitting import defaults
from alen_tf.cross_fitting.calibration import (
    Stacking,
    logits,
    sigmoid,
    stacked_out_of_fold,
    weights_of,
)
from alen_tf.cross_fitting.out_of_fold import fold_of_rows, out_of_fold
from alen_tf.cross_fitting.refined import DECODINGS, Refined
from alen_tf.errors import ConfigError, check_count


class CrossFitted:
    """A stack of classifiers as g, and the decoder of its logits.

    Attributes:
      losses: out-of-fold cross entropy of every classifier, calibrated, summed over labels, and
        that of the stack under the name "stack".
      marginals: out-of-fold marginals of the stack, [rows, labels].
      refined: the `Refined` that decodes its logits.
    """

    def __init__(
        self,
        classifiers,
        x,
        y,
        folds=5,
        decoding="auto",
        seed=0,
        weight=None,
        verbose=False,
        keep=lambda name, make: make(),
    ):
        """Fits the classifiers, the stack, the energy and the decoding.

        Args:
          classifiers: by name; see `out_of_fold`.
          x: inputs, [rows, ...], as the classifiers take them.
          y: labels in {0, 1}, NaN where they are missing, [rows, labels].
          folds: number of parts for out-of-fold marginals.
          decoding: see `Refined`.
          seed: of folds, networks and energy.
          weight: of each row, [rows], 1 on average; equal by default.
          verbose: whether to print losses and scores as they come.
          keep: function of a classifier's name and a function that fits it; returns the fitted
            classifier, or a kept copy. See `alen_tf.cross_fitting.kept`.

        Raises:
          DataError: there are too few rows, or a classifier has no probabilities or accepts no
            weights.
        """
        self._rows = len(y)
        fold = fold_of_rows(y, folds, seed)
        found, self._fitted, self.losses = [], [], {}

        def judged(name, found):
            """Stacked logits of rows that their weights are not fitted to."""
            stacked = stacked_out_of_fold(found, y, fold, weight)
            self.losses[name] = cross_entropy(stacked, y, weight)
            if verbose:
                print(f"{name}: out-of-fold cross entropy {self.losses[name]:.4f}")
            return stacked

        for name, classifier in classifiers.items():
            fit = functools.partial(out_of_fold, classifier, x, y, fold, seed, weight)
            marginals, fitted = keep(name, fit)
            found.append(logits(marginals, self._rows))
            self._fitted.append(fitted)
            judged(name, found[-1][None])
        found = np.stack(found)
        stacked = judged("stack", found)
        self._stacking = Stacking(found, y, weight)
        self.marginals = sigmoid(stacked)
        self.refined = Refined(stacked, y, decoding, seed, weight)
        if verbose:
            for name, score in self.refined.scores.items():
                print(f"decoding {name}: F1 {score:.4f} on held-out rows")

    @classmethod
    def of(cls, settings, x, y, weight, seed):
        """Fits the model with the hyper-parameters of an `ALENClassifier`; for `x`, `y`, `weight`
        and `seed`, see the constructor.

        Raises:
          UserError: a setting is out of range, or the constructor raises it.
        """
        check_settings(settings.estimator, settings.folds, settings.decoding)
        for name in ("energy", "inference_network"):
            if getattr(settings, name) is not None:
                raise ConfigError(f"{name} is for joint training: set estimator=None as well")
        classifiers = chosen(settings.estimator, x, y, seed)
        verbose = bool(settings.verbose)
        return cls(classifiers, x, y, settings.folds, settings.decoding, seed, weight, verbose)

    def labels(self, x, known=None):
        """Label sets, bool [rows, labels], of inputs [rows, ...], around known labels."""
        return self.refined.sets(self.logits(x), known=known)

    def probabilities(self, x, known=None):
        """Calibrated marginals P(y_i = 1 | x), [rows, labels]."""
        return self.refined.marginals(self.logits(x), known).astype(np.float32)

    def relaxed(self, x, known=None):
        """Relaxed outputs that refinement ends at, [rows, labels]."""
        return self.refined.relaxed(self.logits(x), known)

    def confidence(self, x, known=None):
        """The expected F1 of the label sets, [rows]."""
        found = self.logits(x)
        return self.refined.confidence(found, self.refined.sets(found, known=known), known)

    def gains(self, x, known=None, candidates=20):
        """See `Refined.gains`, [rows, labels]."""
        return self.refined.gains(self.logits(x), known, candidates)

    def logits(self, x):
        """The stack's logits of new rows, [rows, labels]."""
        return self._stacking(np.stack([logits(each(x), self._rows) for each in self._fitted]))


def check_settings(estimator, folds, decoding):
    """Checks the hyper-parameters of cross-fitting.

    Raises:
      ConfigError: a setting is out of its range.
    """
    check_count("folds", folds, least=2)
    named(dict.fromkeys(("auto", *DECODINGS)), decoding, "decoding")
    named({"auto": None}, estimator, "estimator")


def chosen(estimator, x, y, seed):
    """The classifiers that the `estimator` of an `ALENClassifier` stands for, by name."""
    return defaults.classifiers(x, y, seed) if isinstance(estimator, str) else _named(estimator)


def cross_entropy(found, y, weight=None):
    """The mean cross entropy of logits to true labels, summed over labels."""
    weight, known = weights_of(len(y), weight), ~np.isnan(y)
    losses = np.where(known, np.logaddexp(0.0, found) - y * found, 0.0)
    return float(np.sum(weight @ losses / (weight @ known)))


def _named(given):
    """A classifier, or several, by the names of their classes."""
    given = given if isinstance(given, list | tuple) else [given]
    if not given:
        raise ConfigError("estimator is an empty list: name a classifier")
    names = [type(each).__name__ for each in given]
    return {
        name if names.count(name) == 1 else f"{name} {number}": each
        for number, (name, each) in enumerate(zip(names, given, strict=True), start=1)
    }
