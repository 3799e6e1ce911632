"""How well confidence ranks predictions: risk, 1 - score, among those that are surest."""

import numpy as np


def aurc(confidence, score):
    """Area under the risk-coverage curve (Geifman & El-Yaniv, NeurIPS 2017): the mean, over n = 1,
    2, ..., of the risk of the n surest predictions.

    Args:
      confidence, score: of each prediction, [predictions]; scores are in [0, 1].
    """
    risk = _risk(confidence, score)
    return float(np.mean(np.cumsum(risk) / np.arange(1, len(risk) + 1)))


def augrc(confidence, score):
    """Area under the generalized risk-coverage curve (Traub et al., NeurIPS 2024): as `aurc`, of
    the risk that predictions are accepted and wrong, in which each counts alike."""
    risk = _risk(confidence, score)
    return float(np.mean(np.cumsum(risk)) / len(risk))


def expected_calibration_error(confidence, score, bins=10):
    """The mean difference of confidence and score over bins of equally many predictions."""
    order = np.argsort(confidence, kind="stable")
    parts = np.array_split(np.asarray(confidence - score)[order], min(bins, len(score)))
    return float(sum(abs(part.sum()) for part in parts) / len(score))


def _risk(confidence, score):
    """Risks, the surest prediction's first; of equally sure ones their mean."""
    confidence, score = np.asarray(confidence, float), np.asarray(score, float)
    _, group = np.unique(-confidence, return_inverse=True)
    mean = np.bincount(group, 1.0 - score) / np.bincount(group)
    return mean[np.sort(group)]
