"""How well confidence ranks predictions: risk, 1 - score, of the most confident ones."""

import numpy as np


def aurc(confidence, score):
    """Area under the risk-coverage curve (Geifman & El-Yaniv, NeurIPS 2017): the mean, over n = 1,
    2, ..., of the risk of the n most confident predictions.

    Args:
      confidence, score: of each prediction, [predictions]; scores are in [0, 1].
    """
    risk = _risk(confidence, score)
    return float(np.mean(np.cumsum(risk) / np.arange(1, len(risk) + 1)))


def augrc(confidence, score):
    """Area under the generalized risk-coverage curve (Traub et al., NeurIPS 2024): like `aurc`, for
    the risk that a prediction is accepted and wrong, which weights all predictions equally."""
    risk = _risk(confidence, score)
    return float(np.mean(np.cumsum(risk)) / len(risk))


def expected_calibration_error(confidence, score, bins=10):
    """The mean difference between confidence and score, over equally filled bins."""
    order = np.argsort(confidence, kind="stable")
    parts = np.array_split(np.asarray(confidence - score)[order], min(bins, len(score)))
    return float(sum(abs(part.sum()) for part in parts) / len(score))


def _risk(confidence, score):
    """Risks in order of confidence, highest first; ties get their mean."""
    confidence, score = np.asarray(confidence, float), np.asarray(score, float)
    _, group = np.unique(-confidence, return_inverse=True)
    mean = np.bincount(group, 1.0 - score) / np.bincount(group)
    return mean[np.sort(group)]
