import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from alen_tf.datasets.augmentation import Augmentation, ImageAugmentation

SEED = tf.constant([3, 4])


@pytest.fixture
def batch(random):
    x = random.randint(0, 256, (16, 12, 12, 3)).astype(np.uint8)
    return x, (x[..., :1] > 128).astype(np.float32)


def test_nothing_changes_by_default(batch):
    for augment in (Augmentation(), ImageAugmentation(mirror=False)):
        x, y = augment(*batch, SEED)
        np.testing.assert_array_equal(x, batch[0])
        np.testing.assert_array_equal(y, batch[1])


def test_crops_are_exact_copies_of_every_place_and_side(batch):
    x, y = np.repeat(batch[0][:1], 400, 0), np.repeat(batch[1][:1], 400, 0)
    crops, masks = (each.numpy() for each in ImageAugmentation(crop=9)(x, y, SEED))
    windows = {}
    for i in range(4):
        for j in range(4):
            for side in (1, -1):
                window = x[0, i : i + 9, j : j + 9][:, ::side]
                mask = y[0, i : i + 9, j : j + 9][:, ::side]
                windows[window.astype(np.float32).tobytes()] = ((i, j, side), mask)
    seen = set()
    for crop, found in zip(crops, masks, strict=True):
        place, mask = windows[np.round(crop).astype(np.float32).tobytes()]
        np.testing.assert_array_equal(found, mask)
        seen.add(place)
    assert len(seen) == len(windows)  # 32 places in 400 draws


def test_variations_are_a_function_of_the_seed(batch):
    augment = ImageAugmentation(shift=0.1, rotation=10.0, zoom=0.1, colour=0.2)
    first, again, other = (
        augment(*batch, tf.constant(seed))[0].numpy() for seed in ([3, 4], [3, 4], [3, 5])
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


def test_rotation_turns_around_the_centre():
    # A smooth picture, turned by SciPy for comparison; only far from the borders, which differ.
    rows, columns = np.mgrid[:41, :41]
    picture = np.sin(rows / 4.0) + np.cos(columns / 5.0 + rows / 9.0)
    x = np.repeat(picture[None, ..., None].astype(np.float32), 30, axis=0)
    augment = ImageAugmentation(mirror=False, rotation=30.0)
    turned = augment(x, x, SEED)[0].numpy()[..., 0]
    angles = np.linspace(-30, 30, 241)
    candidates = np.stack(
        [ndimage.rotate(picture, angle, reshape=False, order=1)[13:28, 13:28] for angle in angles]
    )
    best = []
    for image in turned[:, 13:28, 13:28]:
        errors = np.abs(candidates - image).max(axis=(1, 2))
        assert errors.min() < 0.03
        best.append(angles[errors.argmin()])
    assert min(best) < -15 < 15 < max(best)


def test_image_and_mask_move_together(random):
    mask = np.zeros((20, 24, 24, 1), np.float32)
    mask[:, 6:15, 8:19] = 1
    augment = ImageAugmentation(shift=0.2, rotation=20.0, zoom=0.2)
    x, y = (each.numpy() for each in augment(255 * mask, mask, SEED))
    assert set(np.unique(y)) == {0.0, 1.0}
    assert np.mean((x > 127.5) == (y == 1)) > 0.99
    assert np.ptp(y.sum(axis=(1, 2, 3))) > 10  # zoomed


def test_colours_change_but_not_masks(batch):
    x, y = ImageAugmentation(mirror=False, colour=0.3)(*batch, SEED)
    np.testing.assert_array_equal(y, batch[1])
    assert np.std(x.numpy().mean(axis=(1, 2)) - batch[0].mean(axis=(1, 2)), axis=0).min() > 5


def test_high_res_images_are_moved_before_they_are_averaged(random):
    x = random.randint(0, 256, (400, 24, 24, 3)).astype(np.uint8)
    y = (x[..., :1] > 128).astype(np.float32)
    small = [each.reshape(400, 12, 2, 12, 2, -1).mean(axis=(2, 4)) for each in (x, y)]
    for found, expected in zip(ImageAugmentation(mirror=False)(x, y, SEED, 2), small, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    # Crops are of the size that the model sees, at any place of the high_res image.
    x, y = np.repeat(x[:1], 400, 0), np.repeat(y[:1], 400, 0)
    crops, masks = ImageAugmentation(crop=9, mirror=False)(x, y, SEED, 2)
    assert crops.shape == (400, 9, 9, 3)
    windows = {
        (i, j): x[0, i : i + 18, j : j + 18].reshape(9, 2, 9, 2, 3).mean(axis=(1, 3))
        for i in range(7)
        for j in range(7)
    }
    seen = set()
    for crop, mask in zip(crops.numpy(), masks.numpy(), strict=True):
        (i, j) = next(place for place, each in windows.items() if np.allclose(crop, each))
        expected = y[0, i : i + 18, j : j + 18].reshape(9, 2, 9, 2, 1).mean(axis=(1, 3))
        np.testing.assert_allclose(mask, expected)
        seen.add((i, j))
    assert len(seen) == 49
