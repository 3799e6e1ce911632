"""Stacked logits of several classifiers."""

import numpy as np
import pytest
from scipy.optimize import minimize

from alen_tf.cross_fitting.calibration import (
    Stacking,
    logits,
    most_probable,
    sigmoid,
    stacked_out_of_fold,
)


@pytest.fixture
def found(random):
    """Logits of two classifiers, of which the second one knows more of the last label."""
    truth = random.randn(300, 3)
    found = np.float32(truth + random.randn(2, 300, 3))
    found[1, :, 2] = 3.0 * truth[:, 2]
    return found, np.uint8(sigmoid(2.0 * truth - 1.0) > random.rand(300, 3))


def by_hand(x, y, centre, precision):
    """Weights [inputs] of a logistic regression with a normal prior, by another optimiser."""

    def loss(w):
        s = x @ w
        prior = 0.5 * np.sum(precision * (w - centre) ** 2)
        return np.sum(np.logaddexp(0.0, s) - y * s) + prior

    return minimize(loss, centre, tol=1e-10).x


def test_weights_are_the_most_probable_ones(found):
    found, y = found
    x = np.concatenate([np.float64(found), np.ones((1, *y.shape))])
    shared = by_hand(x.reshape(3, -1).T, y.ravel(), np.zeros(3), np.zeros(3))
    stacking = Stacking(found, y)
    for label in range(3):
        best = by_hand(x[:, :, label].T, y[:, label], shared, np.array([10.0, 10.0, 0.3]))
        np.testing.assert_allclose(stacking.weights[:, label], best, atol=2e-3)
        np.testing.assert_allclose(stacking(found)[:, label], best @ x[:, :, label], atol=2e-2)
    assert stacking.weights[1, 2] > 2.0 * abs(stacking.weights[0, 2])


def test_newton_steps_reach_the_minimum_from_far_away(random):
    x = 4.0 * random.randn(2, 100, 1)
    y = np.float64(np.abs(x[0]) > 0.5 * random.rand(100, 1))
    centre, precision = np.array([-9.0, 9.0]), np.array([0.01, 0.01])
    found = most_probable(x, y, np.ones_like(y), centre[:, None], precision)
    np.testing.assert_allclose(
        found[:, 0], by_hand(x[:, :, 0].T, y[:, 0], centre, precision), atol=1e-3
    )


def test_of_one_classifier_it_recovers_what_distorted_the_logits(random):
    truth = random.randn(20_000, 2) * 2
    y = np.uint8(random.rand(20_000, 2) < sigmoid(truth))
    distorted = ((truth - [1.0, -2.0]) / [0.5, 2.0])[None]
    np.testing.assert_allclose(
        sigmoid(Stacking(distorted, y)(distorted)), sigmoid(truth), atol=0.03
    )


def test_a_rare_label_gets_about_the_shared_weights_and_a_constant_one_the_mean(found):
    found, y = found[0], found[1].copy()
    y[:, 0], y[:, 2] = 0, 1
    constant = Stacking(found, y)
    np.testing.assert_allclose(constant(found)[:, ::2], found.mean(axis=0)[:, ::2], rtol=1e-5)
    y[0, 0] = 1
    rare = Stacking(found, y)
    shared = by_hand(
        np.concatenate([found, np.ones((1, 300, 3))]).reshape(3, -1).T, y.ravel(), *np.zeros((2, 3))
    )
    assert np.abs(rare.weights[:-1, 0] - shared[:-1]).max() < 0.3
    assert rare.weights[-1, 0] < shared[-1] - 1.0


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


def test_missing_labels_and_rows_of_no_weight_do_not_count(found):
    found, y = found
    gaps = np.float32(y)
    gaps[200:] = np.nan
    left_out = Stacking(found[:, :200], y[:200]).weights
    np.testing.assert_allclose(Stacking(found, gaps).weights, left_out, rtol=1e-5)
    weight = np.float64(np.arange(300) < 200)
    np.testing.assert_allclose(Stacking(found, y, weight).weights, left_out, rtol=1e-5)
    gaps = np.float32(y)
    gaps[:100, 0] = np.nan
    alone = Stacking(found, gaps).weights[:, 0]
    assert np.abs(alone - Stacking(found, y).weights[:, 0]).max() > 0.01
