"""Decoding of logits, where rows without labels are among them."""

import numpy as np
import pytest

from alen_tf.cross_fitting import refined
from alen_tf.cross_fitting.calibration import sigmoid
from alen_tf.cross_fitting.refined import Refined
from alen_tf.objectives.metrics import f1_of_examples


@pytest.fixture(scope="module")
def rows():
    """Logits that are right label by label, but rows have either several labels or none: the same
    x leaves open which."""
    random = np.random.RandomState(0)
    found = np.float32(random.randn(600, 5) - 0.5)
    y = (random.rand(600, 5) < sigmoid(found + 1.0)) & (random.rand(600, 1) < 0.6)
    return found, np.uint8(y)


@pytest.fixture(scope="module")
def fitted(rows):
    found, y = rows
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refined, "STEPS", (300, 300))
        return Refined(found[:400], y[:400])


def test_the_chance_of_no_label_is_that_of_rows(fitted, rows):
    found, y = rows[0][400:], rows[1][400:]
    none = np.zeros((200, 1, 5), bool)
    chance = fitted.value(found, none)[:, 0]
    assert chance.mean() == pytest.approx(np.mean(~y.any(axis=1)), abs=0.08)
    independent = np.prod(1.0 - sigmoid(found), axis=1).mean()
    assert abs(independent - chance.mean()) > 0.15


def test_values_are_expected_f1s(fitted, rows):
    found, y = rows[0][400:], rows[1][400:]
    sets = np.stack([found > 0, found > 1, np.ones_like(found, bool)], axis=1)
    values = fitted.value(found, sets)
    assert values.shape == (200, 3)
    for number in range(3):
        true = f1_of_examples(sets[:, number], y).mean()
        assert values[:, number].mean() == pytest.approx(true, abs=0.08)


def test_known_labels_rule_the_empty_set_out_or_in(fitted, rows):
    found, none = rows[0][400:], np.zeros((200, 1, 5), bool)
    known = np.full((200, 5), np.nan)
    known[:100, 0], known[100:, :4] = 1, 0
    values = fitted.value(found, none, known)[:, 0]
    assert np.all(values[:100] == 0)
    assert values[100:].mean() > fitted.value(found, none)[100:, 0].mean() + 0.1
    sets = fitted.sets(found, "refined", known)
    assert sets[:100, 0].all()
    assert not sets[100:, :4].any()


def test_scores_are_of_rows_held_out(fitted, rows):
    found, y = rows[0][400:], rows[1][400:]
    for decoding, score in fitted.scores.items():
        true = f1_of_examples(fitted.sets(found, decoding), y).mean()
        assert score == pytest.approx(true, abs=0.09)


def test_gains_are_expected_values_of_best_sets(fitted, rows):
    found = rows[0][400:405]
    known = np.full((5, 5), np.nan)
    known[:, 2] = [0, 1, 0, 1, np.nan]
    gains = fitted.gains(found, known, candidates=3)
    assert np.all(np.count_nonzero(~np.isnan(gains), axis=1) == 3)
    assert np.all(np.isnan(gains[:4, 2]))

    def best(given):
        return fitted.value(found, fitted.sets(found, known=given)[:, None], given)[:, 0]

    p = fitted.marginals(found, known)
    for label in range(5):
        expected = -best(known)
        for value in (0, 1):
            given = known.copy()
            given[:, label] = value
            expected = expected + np.abs(1 - value - p[:, label]) * best(given)
        looked_at = ~np.isnan(gains[:, label])
        np.testing.assert_allclose(gains[looked_at, label], expected[looked_at], atol=1e-5)


def test_the_most_uncertain_labels_are_candidates(fitted, rows):
    found = rows[0][400:405]
    looked_at = ~np.isnan(fitted.gains(found, candidates=1))
    p = fitted.marginals(found)
    np.testing.assert_array_equal(looked_at.argmax(axis=1), np.abs(p - 0.5).argmin(axis=1))


def test_the_first_decoding_within_a_standard_error_is_preferred(random):
    score = random.rand(400)
    weight = np.ones(400)
    noise = 0.1 * random.randn(400)  # the error of its mean is 0.005
    values = np.stack([score, score + noise - noise.mean() + 0.004, score - 0.2], axis=1)
    assert refined._preferred(values, weight) == "refined"
    values[:, 1] += 0.002
    assert refined._preferred(values, weight) == "expected_f1"
    assert refined._preferred(values, np.float64(noise <= noise.mean() - 0.01)) == "refined"
    assert refined._preferred(values[:, [2, 2, 0]], weight) == "threshold"
