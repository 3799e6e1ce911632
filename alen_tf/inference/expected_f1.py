"""Expected-F1 decoding: the label set with the highest expected F1 under independent marginals."""

import numpy as np

# Limits the rows decoded at a time: one number per row and pair of labels must fit in memory.
NUMBERS = 2**24


def decode(marginals, allow_empty=True):
    """The label sets with the exactly highest expected F1, if labels are independent.

    Among sets of k labels, the k most probable labels are the best (Lewis, SIGIR 1995), so one set
    of each size is compared (Ye et al., ICML 2012).

    Args:
      marginals: P(y_i = 1 | x), [rows, labels].
      allow_empty: whether the empty set may be chosen.

    Returns:
      (label sets, bool [rows, labels]; their expected F1, [rows]).
    """
    marginals = np.clip(np.asarray(marginals, np.float64), 0.0, 1.0)
    parts = [_decode(marginals[rows], allow_empty) for rows in _parts(marginals)]
    sets, values = zip(*parts, strict=True)
    return np.concatenate(sets), np.concatenate(values)


def value(marginals, sets):
    """The expected F1 of label sets, [rows], if labels are independent.

    Args:
      marginals: P(y_i = 1 | x), [rows, labels].
      sets: label sets, bool or in {0, 1}, [rows, labels].
    """
    p, sets = np.clip(np.asarray(marginals, np.float64), 0.0, 1.0), np.asarray(sets, bool)
    return np.concatenate([_value(p[rows], sets[rows]) for rows in _parts(p)])


def sums(marginals, most=None):
    """P(|y| = s) for s = 0, 1, ..., the Poisson-binomial distribution, [rows, most + 1].

    Args:
      marginals: P(y_i = 1), [rows, labels].
      most: the largest s; by default the number of labels.
    """
    rows, labels = marginals.shape
    distribution = np.zeros((rows, (labels if most is None else most) + 1))
    distribution[:, 0] = 1.0
    for label in range(labels):
        distribution = _added(distribution, marginals[:, label, None])
    return distribution


def _parts(marginals):
    """Slices of the rows, each as many as are decoded at a time."""
    rows = max(1, NUMBERS // marginals.shape[1] ** 2)
    return [slice(start, start + rows) for start in range(0, max(len(marginals), 1), rows)]


def _decode(p, allow_empty):
    rows, labels = p.shape
    order = np.argsort(-p, axis=1, kind="stable")
    p = np.take_along_axis(p, order, axis=1)
    most = _most(p)
    largest = min(labels, 2 * most)
    outside = [sums(p[:, largest:], most)]  # of the labels outside the set, from the largest set on
    for label in range(largest - 1, -1, -1):
        outside.append(_added(outside[-1], p[:, label, None]))
    inside = np.zeros((rows, largest + 1))
    inside[:, 0] = 1.0
    none = outside.pop()
    best_value = none[:, 0] if allow_empty else np.full(rows, -1.0)
    best_size = np.zeros(rows, int)
    for k in range(1, largest + 1):
        inside = _added(inside, p[:, k - 1, None])
        values = _f1(k, inside, outside.pop())
        better = values > best_value
        best_size[better], best_value = k, np.maximum(best_value, values)
    sets = np.zeros((rows, labels), bool)
    np.put_along_axis(sets, order, np.arange(labels) < best_size[:, None], axis=1)
    return sets, best_value


def _value(p, sets):
    most, sizes = _most(p), np.count_nonzero(sets, axis=1)
    inside = sums(np.where(sets, p, 0.0), max(most, sizes.max(initial=0)))
    outside = sums(np.where(sets, 0.0, p), most)
    found = outside[:, 0].copy()  # of the empty set P(|y| = 0)
    for k in np.unique(sizes[sizes > 0]):
        rows = sizes == k
        found[rows] = _f1(k, inside[rows], outside[rows])
    return found


def _f1(k, inside, outside):
    """The expected F1 of a set of k labels, [rows], the mean of 2 t / (k + t + u), from the
    probabilities of t true labels in the set and u outside it, [rows, 1 + ...]."""
    t, u = np.arange(k + 1)[:, None], np.arange(outside.shape[1])
    return np.sum((inside[:, : k + 1] @ (2.0 * t / (k + t + u))) * outside, axis=1)


def _added(distribution, p):
    """The distribution of a sum with one more label of probability p, [rows, 1]; larger sums are
    dropped."""
    found = (1.0 - p) * distribution
    found[:, 1:] += p * distribution[:, :-1]
    return found


def _most(p):
    """A number that the sum of labels exceeds in any row with probability at most 1e-12, by
    Bernstein's inequality."""
    mean, variance, c = p.sum(axis=1), (p * (1.0 - p)).sum(axis=1), np.log(1e12)
    bound = mean + c / 3.0 + np.sqrt((c / 3.0) ** 2 + 2.0 * c * variance)
    return min(p.shape[1], int(np.ceil(np.max(bound, initial=0.0))))
