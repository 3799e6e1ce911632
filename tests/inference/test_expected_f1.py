"""Expected-F1 decoding against enumeration of all label sets."""

import itertools

import numpy as np
import pytest

from alen_tf.inference import expected_f1


def by_enumeration(marginals):
    """The expected F1 of every label set, [rows, sets], and the sets."""
    sets = np.array(list(itertools.product([0, 1], repeat=marginals.shape[1])))
    chances = np.prod(np.where(sets == 1, marginals[:, None], 1.0 - marginals[:, None]), axis=-1)
    both, total = sets @ sets.T, sets.sum(axis=1)[:, None] + sets.sum(axis=1)
    return chances @ np.where(total == 0, 1.0, 2.0 * both / np.maximum(total, 1)), sets


@pytest.mark.parametrize("allow_empty", [True, False])
@pytest.mark.parametrize("power", [1.0, 4.0])  # even odds, and rare labels
def test_no_label_set_has_a_higher_expected_f1(random, allow_empty, power):
    marginals = random.rand(60, 7) ** power
    expected, sets = by_enumeration(marginals)
    if not allow_empty:
        expected[:, 0] = -1.0
    found, values = expected_f1.decode(marginals, allow_empty)
    np.testing.assert_allclose(values, expected.max(axis=1), atol=1e-12)
    np.testing.assert_array_equal(found, sets[expected.argmax(axis=1)] == 1)


def test_the_value_of_any_set_is_its_expected_f1(random):
    marginals = random.rand(40, 6) ** 2
    expected, sets = by_enumeration(marginals)
    for number in (0, 1, 21, 63):
        found = expected_f1.value(marginals, np.tile(sets[number], (40, 1)))
        np.testing.assert_allclose(found, expected[:, number], atol=1e-12)
    best, values = expected_f1.decode(marginals)
    np.testing.assert_allclose(expected_f1.value(marginals, best), values, atol=1e-12)


def test_certain_labels_are_decoded_as_they_are():
    marginals = np.float64([[1, 0, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1]])
    found, values = expected_f1.decode(marginals)
    np.testing.assert_array_equal(found, marginals == 1)
    np.testing.assert_allclose(values, 1.0)


def test_rows_are_decoded_alike_in_parts(random, monkeypatch):
    marginals = random.rand(9, 12) ** 2
    whole = expected_f1.decode(marginals)
    values = expected_f1.value(marginals, whole[0])
    monkeypatch.setattr(expected_f1, "NUMBERS", 2 * 12**2)
    np.testing.assert_allclose(expected_f1.value(marginals, whole[0]), values)
    for one, other in zip(expected_f1.decode(marginals), whole, strict=True):
        np.testing.assert_allclose(one, other)


def test_sums_of_labels_have_the_poisson_binomial_distribution(random):
    marginals = random.rand(3, 5)
    found = expected_f1.sums(marginals)
    draws = random.rand(200_000, 1, 5) < marginals
    for row in range(3):
        counts = np.bincount(draws[:, row].sum(axis=1), minlength=6) / len(draws)
        np.testing.assert_allclose(found[row], counts, atol=0.005)
