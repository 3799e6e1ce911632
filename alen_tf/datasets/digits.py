"""Digit completion: see the top half of a handwritten digit, predict its bottom half.

The 1,797 real 8x8 digits that scikit-learn ships (UCI, Alpaydin and Kaynak 1998): no download. The
input is the top half's 32 grey values in 0 ... 16; the output is the bottom half's 32 pixels, 1
where the grey value is at least 8.
"""

import gin
import numpy as np
from sklearn.datasets import load_digits

from alen_tf.datasets.splits import Examples, Splits, hold_out

TEST_EXAMPLES = 497


@gin.register
def digits(manual_dir=None, data_dir=None):
    """Loads the splits: 1,170 train, 130 validation, 497 test. Both directories are ignored."""
    del manual_dir, data_dir
    images = load_digits().images  # [1797, 8, 8] in 0 ... 16
    order = np.random.RandomState(0).permutation(len(images))
    flat = images[order].reshape(len(images), 64)
    examples = Examples(flat[:, :32].astype(np.uint8), (flat[:, 32:] >= 8).astype(np.uint8))
    train, validation = hold_out(examples.take(slice(None, -TEST_EXAMPLES)))
    test = examples.take(slice(-TEST_EXAMPLES, None))
    return Splits("digits", train, validation, test)
