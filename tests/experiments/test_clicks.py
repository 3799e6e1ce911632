"""The protocol of clicks, on masks whose centres are plain, and on a model that only remembers."""

import numpy as np
import pytest

from experiments import clicks


def square(top, left, size, of=16):
    mask = np.zeros((of, of), bool)
    mask[top : top + size, left : left + size] = True
    return mask


def clicked_at(y, y_true):
    known = np.full(y.shape, np.nan)
    clicks.click(y, y_true, known)
    ((row, column),) = np.argwhere(~np.isnan(known))
    return (row, column), known[row, column]


def test_a_click_is_at_the_centre_of_what_is_most_wrong():
    assert clicked_at(square(9, 9, 3), square(2, 3, 5)) == ((4, 5), 1)  # missed
    assert clicked_at(square(2, 3, 5), square(9, 9, 3)) == ((4, 5), 0)  # added
    shape = square(0, 0, 5)  # in a corner: regions end where the image does
    assert clicked_at(np.zeros_like(shape), shape) == ((2, 2), 1)


def test_iou_of_each_mask():
    y, y_true = np.zeros((3, 16, 16), bool), np.zeros((3, 16, 16), bool)
    y[0], y_true[0] = square(0, 0, 4), square(0, 2, 4)
    y_true[1] = square(1, 1, 2)
    np.testing.assert_allclose(clicks.iou(y, y_true), [8 / 24, 0, 1])


def remembers(x, known):
    """Predicts the object where it was clicked, and nowhere else."""
    del x
    return np.float32(known == 1)


def test_clicks_are_counted_until_a_target_is_reached():
    y_true = np.zeros((3, 8, 8), bool)
    y_true[0, 0, :4], y_true[1] = True, square(0, 0, 6, 8)
    found, known = clicks.clicked(remembers, np.zeros((3, 8, 8, 3)), y_true, most=5)
    np.testing.assert_allclose(found[:, 0], [0, 0.25, 0.5, 0.75, 1, 1])
    np.testing.assert_allclose(found[:, 1], np.arange(6) / 36)
    np.testing.assert_array_equal(found[:, 2], 1)  # nothing to find
    np.testing.assert_array_equal((~np.isnan(known)).sum(axis=(1, 2)), [4, 5, 0])
    np.testing.assert_array_equal(clicks.clicks_needed(found, 0.75), [3, 5, 0])
    scores = clicks.scores(found)
    assert scores["noc@85"] == pytest.approx((4 + 5 + 0) / 3)
    assert scores["failed@90"] == 1


def test_an_image_takes_the_least_number_of_clicks_and_more_until_all_targets_are_reached():
    y_true = np.ones((1, 2, 20), bool)
    _, known = clicks.clicked(remembers, np.zeros((1, 2, 20, 3)), y_true, most=40)
    assert (~np.isnan(known)).sum() == 36  # 90% of 40

    def nearly(x, known):
        return np.float32(np.isnan(known) & (np.arange(20)[:, None] > 0) | (known == 1))

    found, known = clicks.clicked(nearly, np.zeros((1, 2, 20, 3)), y_true, most=40, least=1)
    assert (~np.isnan(known)).sum() == 1
    np.testing.assert_allclose(found[:, 0], [38 / 40] + [39 / 40] * 40)


def test_the_picture_shows_what_a_click_changed():
    before, y = np.array([[[True, True, False]]]), np.array([[[False, True, True]]])
    image = clicks.changes(y, before, np.array([[[np.nan, 1, np.nan]]]))
    assert len(np.unique(image[0, 0], axis=0)) == 3
    np.testing.assert_array_equal(clicks.changes(y, None, np.full(y.shape, np.nan))[0, 0, 2], 1)
