import collections
import hashlib

import numpy as np
import pytest
from sklearn.datasets import load_digits

from alen_tf.datasets.digits import digits


@pytest.fixture(scope="module")
def splits():
    return digits()


def parts(splits):
    return splits.train, splits.validation, splits.test


def test_sizes_and_types(splits):
    assert splits.name == "digits"
    assert [len(part) for part in parts(splits)] == [1170, 130, 497]
    for part in parts(splits):
        assert part.x.shape == part.y.shape == (len(part), 32)
        assert part.x.dtype == part.y.dtype == np.uint8
        assert set(np.unique(part.y)) == {0, 1}
        assert part.x.max() == 16


def test_every_digit_is_in_exactly_one_split(splits):
    # As a bag of images: a few of them occur twice in the source already.
    source = collections.Counter(
        (*image[:4].ravel().astype(int), *(image[4:].ravel() >= 8).astype(int))
        for image in load_digits().images
    )
    found = collections.Counter(
        (*x.tolist(), *y.tolist())
        for part in parts(splits)
        for x, y in zip(part.x, part.y, strict=True)
    )
    assert found == source


def test_splits_are_always_the_same(splits):
    again = digits(manual_dir="anywhere", data_dir="anywhere")
    digest = hashlib.sha256()
    for part, other in zip(parts(splits), parts(again), strict=True):
        np.testing.assert_array_equal(part.x, other.x)
        np.testing.assert_array_equal(part.y, other.y)
        digest.update(np.ascontiguousarray(part.x).tobytes())
        digest.update(np.ascontiguousarray(part.y).tobytes())
    # Pinned: another order or cut would silently change every score.
    expected = "e609790bd71f29485b7adabc8d549c46373128a7327e09558dc8c4944472c2df"
    assert digest.hexdigest() == expected
