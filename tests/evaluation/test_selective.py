import numpy as np
import pytest

from alen_tf.evaluation.selective import augrc, aurc, expected_calibration_error


def test_areas_by_hand():
    confidence, score = np.array([0.2, 0.9, 0.6]), np.array([0.0, 1.0, 0.4])
    # Surest first, risks 0, 0.6, 1: selective risks 0, 0.3, 1.6/3.
    assert aurc(confidence, score) == pytest.approx((0 + 0.3 + 1.6 / 3) / 3)
    assert augrc(confidence, score) == pytest.approx((0 + 0.6 + 1.6) / 9)


def test_areas_as_means_over_random_orders_of_ties(random):
    score = random.rand(200)
    confidence = np.round(random.rand(200) + score, 0)
    for area in (aurc, augrc):
        orders = [area(confidence + 1e-6 * random.rand(200), score) for _ in range(2000)]
        assert area(confidence, score) == pytest.approx(np.mean(orders), abs=2e-3)


def test_better_ranks_have_smaller_areas(random):
    score = random.rand(100)
    for area in (aurc, augrc):
        assert area(score, score) < area(random.rand(100), score) < area(-score, score)


def test_expected_calibration_error():
    confidence = np.array([0.1, 0.2, 0.8, 0.9])
    score = np.array([0.0, 0.5, 1.0, 0.5])
    expected = (abs(0.15 - 0.25) + abs(0.85 - 0.75)) / 2
    assert expected_calibration_error(confidence, score, bins=2) == pytest.approx(expected)
    assert expected_calibration_error(score, score) == 0.0
