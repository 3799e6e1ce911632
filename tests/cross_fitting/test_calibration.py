"""Stacked logits of several classifiers."""

import numpy as np
import pytest
from scipy.optimize import minimize

from alen_tf.cross_fitting.calibration import Stacking, logits, sigmoid, stacked_out_of_fold


@pytest.fixture
def found(random):
    """Logits of two classifiers, of which the second one knows more of the last label."""
    truth = random.randn(300, 3)
    found = np.float32(truth + random.randn(2, 300, 3))
    found[1, :, 2] = 3.0 * truth[:, 2]
    return found, np.uint8(sigmoid(2.0 * truth - 1.0) > random.rand(300, 3))


def test_weights_are_those_of_penalized_maximum_likelihood(found):
    found, y = found
    stacking = Stacking(found, y)
    for label in range(3):
        x, t = np.float64(found[:, :, label].T), y[:, label]

        def loss(w, x=x, t=t):
            s = x @ w[:2] + w[2]
            return np.sum(np.logaddexp(0.0, s) - t * s) + 0.5 * np.sum(w[:2] ** 2)

        best = minimize(loss, np.zeros(3), tol=1e-10).x
        np.testing.assert_allclose(stacking.weights[:, label], best[:2], atol=1e-3)
        np.testing.assert_allclose(stacking(found)[:, label], x @ best[:2] + best[2], atol=1e-2)
    assert stacking.weights[1, 2] > 5.0 * abs(stacking.weights[0, 2])


def test_of_one_classifier_it_recovers_what_distorted_the_logits(random):
    truth = random.randn(20_000, 2) * 2
    y = np.uint8(random.rand(20_000, 2) < sigmoid(truth))
    distorted = ((truth - [1.0, -2.0]) / [0.5, 2.0])[None]
    np.testing.assert_allclose(
        sigmoid(Stacking(distorted, y)(distorted)), sigmoid(truth), atol=0.03
    )


def test_rare_labels_get_the_mean(found):
    found, y = found[0], found[1].copy()
    y[:, 0], y[:, 1] = 0, 1
    y[:4, 0] = 1
    np.testing.assert_allclose(Stacking(found, y)(found)[:, :2], found.mean(axis=0)[:, :2], 1e-5)
    y[4, 0] = 1
    assert np.abs(Stacking(found, y)(found)[:, 0] - found.mean(axis=0)[:, 0]).max() > 0.1


def test_a_row_has_no_part_in_its_own_weights(found):
    found, y = found
    fold = np.arange(300) % 5
    before = stacked_out_of_fold(found, y, fold)
    y[fold == 2] = 1 - y[fold == 2]
    after = stacked_out_of_fold(found, y, fold)
    np.testing.assert_array_equal(before[fold == 2], after[fold == 2])
    assert np.abs(before - after)[fold != 2].max() > 0.1


def test_logits_are_no_surer_than_half_a_row():
    found = logits(np.array([0.0, 0.25, 1.0]), rows=9)
    np.testing.assert_allclose(sigmoid(found), [0.05, 0.25, 0.95], rtol=1e-5)


def test_missing_labels_do_not_count(found):
    found, y = found
    gaps = np.float32(y)
    gaps[:100, 0], gaps[50:, 2] = np.nan, np.nan
    weights = Stacking(found, gaps).weights
    np.testing.assert_allclose(weights[:, 0], Stacking(found[:, 100:], y[100:]).weights[:, 0])
    np.testing.assert_allclose(weights[:, 1], Stacking(found, y).weights[:, 1])
    np.testing.assert_allclose(weights[:, 2], Stacking(found[:, :50], y[:50]).weights[:, 2])
