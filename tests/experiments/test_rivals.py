"""Paired intervals of differences over test rows."""

import numpy as np

from experiments import rivals


def test_an_interval_is_that_of_the_mean_of_paired_differences(random):
    differences = random.randn(2000) * 0.4 + 0.1
    low, high = rivals.interval(differences)
    error = differences.std() / np.sqrt(len(differences))
    expected = differences.mean() + error * np.array([-1.96, 1.96])
    np.testing.assert_allclose([low, high], expected, atol=0.003)


def test_equal_rows_differ_by_nothing():
    assert rivals.interval(np.zeros(5)) == [0.0, 0.0]
