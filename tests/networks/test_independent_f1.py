"""Expected F1 in a graph, beside sums over all label sets."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from alen_tf.inference import expected_f1
from alen_tf.networks.independent_f1 import IndependentF1


def made(p, most, largest):
    chosen = np.argsort(-p, axis=1)[:, :most]
    one_hot = np.eye(p.shape[1], dtype=np.float32)[chosen]
    return IndependentF1.of(tf.constant(np.float32(p)), tf.constant(one_hot), largest)


def test_relaxed_outputs_have_the_mean_over_all_label_sets(random):
    p, y = random.rand(6, 4), random.rand(6, 4)
    expected = np.zeros(6)
    for each in itertools.product([0, 1], repeat=4):
        chance = np.prod(np.where(each, p, 1 - p), axis=1)
        expected += chance * 2 * (y * each).sum(axis=1) / (y.sum(axis=1) + sum(each))
    np.testing.assert_allclose(made(p, 4, 4).value(np.float32(y)), expected, rtol=1e-5)


def test_label_sets_have_the_values_of_exact_decoding(random):
    p = random.rand(40, 9)
    for y in (random.rand(40, 9) < 0.5, np.zeros((40, 9), bool), np.ones((40, 9), bool)):
        found = made(p, 9, 9).value(tf.cast(y, tf.float32))
        np.testing.assert_allclose(found, expected_f1.value(p, y), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("most", "largest"), [(10, 60), (10, 20)])
def test_many_improbable_labels_hardly_matter_one_by_one(random, most, largest):
    p = np.where(np.arange(60) < 8, random.rand(30, 60), 0.02 * random.rand(30, 60))
    y = random.rand(30, 60) < np.sqrt(p)
    found = made(p, most, largest).value(tf.cast(y, tf.float32))
    np.testing.assert_allclose(found, expected_f1.value(p, y), atol=2e-3)
