"""Expected-F1 decoding: the label set with the highest expected F1 under independent marginals."""

import numpy as np

# Rows are decoded so many at a time that a number per row and pair of labels fits in memory.
NUMBERS = 2**24


def decode(marginals, allow_empty=True):
    """The label sets with the highest expected F1, exactly, where labels are independent.

    The expected F1 of a set of k labels is the sum over its labels i of
    sum_s 2 P(y_i = 1, |y| = s) / (s + k), so that the best set of each size holds the labels with
    the largest terms (Dembczynski et al., NIPS 2011; Ye et al., ICML 2012). That of the empty set
    is P(|y| = 0).

    Args:
      marginals: P(y_i = 1 | x), [rows, labels].
      allow_empty: whether the empty set may be chosen.

    Returns:
      (label sets, bool [rows, labels]; their expected F1, [rows]).
    """
    marginals = np.clip(np.asarray(marginals, np.float64), 0.0, 1.0)
    rows = max(1, NUMBERS // marginals.shape[1] ** 2)
    parts = [
        _decode(marginals[start : start + rows], allow_empty)
        for start in range(0, max(len(marginals), 1), rows)
    ]
    sets, values = zip(*parts, strict=True)
    return np.concatenate(sets), np.concatenate(values)


def value(marginals, sets):
    """The expected F1 of label sets, [rows], where labels are independent.

    Args:
      marginals: P(y_i = 1 | x), [rows, labels].
      sets: label sets, bool or in {0, 1}, [rows, labels].
    """
    p, sets = np.clip(np.asarray(marginals, np.float64), 0.0, 1.0), np.asarray(sets, bool)
    sizes = np.count_nonzero(sets, axis=1)
    inside = sums(np.where(sets, p, 0.0))  # P(t true labels in the set), [rows, labels + 1]
    outside = sums(np.where(sets, 0.0, p))  # P(u true labels beside it)
    true = np.arange(p.shape[1] + 1)
    found = outside[:, 0].copy()  # of the empty set P(|y| = 0)
    for k in np.unique(sizes[sizes > 0]):
        rows, t = sizes == k, true[: k + 1, None]
        f1 = 2.0 * t / (k + t + true)  # [t, u]
        found[rows] = np.sum((inside[rows, : k + 1] @ f1) * outside[rows], axis=1)
    return found


def sums(marginals):
    """P(|y| = s) for s = 0, 1, ..., the Poisson-binomial distribution, [rows, labels + 1]."""
    rows, labels = marginals.shape
    distribution = np.zeros((rows, labels + 1))
    distribution[:, 0] = 1.0
    for label in range(labels):
        p = marginals[:, label, None]
        taken = p * distribution[:, : label + 1]
        distribution[:, : label + 2] *= 1.0 - p
        distribution[:, 1 : label + 2] += taken
    return distribution


def _decode(p, allow_empty):
    rows, labels = p.shape
    # Beyond so many labels nothing is left of the distribution.
    distribution = sums(p)
    most = min(labels, int(np.max(np.argmax(np.cumsum(distribution, 1) > 1.0 - 1e-12, 1))) + 1)
    joint = _joint(p, distribution)[..., :most]  # P(y_i = 1, |y| = s + 1)
    sizes = np.arange(1, most + 1)
    best_value = distribution[:, 0] if allow_empty else np.full(rows, -1.0)
    best_set = np.zeros((rows, labels), bool)
    for k in range(1, min(labels, 2 * most) + 1):
        terms = joint @ (2.0 / (sizes + k))  # [rows, labels]
        order = np.argpartition(-terms, k - 1, axis=1)[:, :k]
        value = np.take_along_axis(terms, order, axis=1).sum(axis=1)
        better = value > best_value
        chosen = np.zeros((rows, labels), bool)
        np.put_along_axis(chosen, order, True, axis=1)
        best_set[better], best_value = chosen[better], np.maximum(best_value, value)
    return best_set, best_value


def _joint(p, distribution):
    """P(y_i = 1, |y| = s + 1), [rows, labels, labels], the sums of all labels but one shifted.

    The sums without label i divide those of all by (1 - p_i) + p_i z, from the low end where
    p_i < 1/2 and from the high end otherwise: both recursions shrink errors.
    """
    rows, labels = p.shape
    without = np.zeros((rows, labels, labels))
    low = p < 0.5
    odds = np.where(low, p / (1.0 - np.where(low, p, 0.0)), 0.0)
    scale = 1.0 / (1.0 - np.where(low, p, 0.0))
    previous = np.zeros((rows, labels))
    for s in range(labels):
        previous = scale * distribution[:, s, None] - odds * previous
        without[..., s] = np.where(low, previous, 0.0)
    high = ~low
    odds = np.where(high, (1.0 - p) / np.where(high, p, 1.0), 0.0)
    scale = 1.0 / np.where(high, p, 1.0)
    previous = np.zeros((rows, labels))
    for s in range(labels - 1, -1, -1):
        previous = scale * distribution[:, s + 1, None] - odds * previous
        without[..., s] += np.where(high, previous, 0.0)
    return p[..., None] * without
