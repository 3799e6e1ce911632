import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from alen_tf.datasets.readers.masks import UNKNOWN
from alen_tf.datasets.readers.resized import enlarged, filled, outputs, shrunk

NAMES = ("ground", "sky", "sea")


def blocks(array, size):
    """Parts of an array [height, width, ...] that become the places of a smaller one."""
    height, width = array.shape[0] // size[0], array.shape[1] // size[1]
    parts = [np.split(row, size[1], axis=1) for row in np.split(array, size[0])]
    assert parts[0][0].shape[:2] == (height, width)
    return parts


def test_images_shrink_to_means(random):
    image = random.randint(0, 256, (12, 20, 3)).astype(np.uint8)
    found = shrunk(Image.fromarray(image), (3, 5))
    expected = [[part.mean((0, 1)) for part in row] for row in blocks(image, (3, 5))]
    np.testing.assert_allclose(found, expected, atol=1)


def test_masks_shrink_to_the_most_frequent_class(random):
    classes = random.choice(3, (12, 20), p=[0.4, 0.35, 0.25]).astype(np.uint8)
    counts = [
        [np.bincount(part.ravel(), minlength=3) for part in row] for row in blocks(classes, (3, 5))
    ]
    found = outputs(classes, NAMES, (3, 5))
    chosen = np.take_along_axis(np.array(counts), found.argmax(-1)[..., None], -1)[..., 0]
    np.testing.assert_array_equal(chosen, np.max(counts, -1))
    np.testing.assert_array_equal(found.sum(-1), 1)
    inside = (classes == 1).astype(np.uint8)
    share = [[part.mean() for part in row] for row in blocks(inside, (3, 5))]
    np.testing.assert_array_equal(outputs(inside, ("sky",), (3, 5))[..., 0], np.array(share) > 0.5)


@pytest.mark.parametrize("names", [NAMES, ("horse",)])
def test_one_known_pixel_makes_a_place_known(names):
    strokes = np.full((12, 20), UNKNOWN, np.uint8)
    strokes[5, 7], strokes[0, 0], strokes[1, 1:3] = 1, 1, 0
    found = outputs(strokes, names, (3, 5))
    expected = np.full((3, 5, 3), np.nan)
    expected[1, 1], expected[0, 0] = (0, 1, 0), (1, 0, 0)
    np.testing.assert_array_equal(found, expected[..., 1:2] if len(names) == 1 else expected)


def test_unknown_places_are_guessed_from_the_nearest(random):
    y = np.eye(3, dtype=np.float32)[random.randint(0, 3, (9, 7))]
    unknown = random.rand(9, 7) < 0.7
    y[unknown] = np.nan
    found, known = filled(y), np.argwhere(~unknown)
    np.testing.assert_array_equal(found[~unknown], y[~unknown])
    for place in np.argwhere(unknown):
        squares = np.square(known - place).sum(1)
        nearest = known[squares == squares.min()]
        assert any((found[tuple(place)] == y[tuple(other)]).all() for other in nearest)


def test_outputs_are_enlarged_before_they_are_decoded(random):
    relaxed = random.dirichlet(np.ones(3), (4, 5)).astype(np.float32)
    large = tf.image.resize(relaxed, (31, 23)).numpy()
    found = enlarged(relaxed, (31, 23))
    assert np.mean(found == large.argmax(-1)) > 0.995  # ties are rounded this way or that
    one = enlarged(relaxed[..., :1], (31, 23), 0.3)
    assert np.mean(one == (large[..., 0] >= 0.3)) > 0.995
    np.testing.assert_array_equal(enlarged(relaxed, (4, 5)), relaxed.argmax(-1))
