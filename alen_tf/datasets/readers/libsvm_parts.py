"""libsvm files of any length, a part at a time."""

import io
import itertools

import numpy as np
from sklearn.datasets import load_svmlight_file

from alen_tf.datasets.readers.opened import lines, opened
from alen_tf.errors import DataError

LINES = 10_000  # in a part


def read_parts(path):
    """Reads `1,3 1:0.5 7:2`, also from a `.gz` file; memory is that of one part.

    Args:
      path: the file; features are counted from 1.

    Yields:
      (inputs, float32 CSR [rows, features], of as many features as this part needs; the label
      numbers of each row).

    Raises:
      DataError: the file cannot be read or is malformed; the message names the lines.
    """
    with opened(path) as file:
        text = lines(file, path)
        for first in itertools.count(1, LINES):
            part = list(itertools.islice(text, LINES))
            if not part:
                return
            place = f"{path}:{first}-{first + len(part) - 1}"
            x, labels = parse(io.BytesIO("".join(part).encode()), place)
            if not (np.isfinite(x.data).all() and np.isfinite([*itertools.chain(*labels)]).all()):
                raise DataError(f"{place}: a number is not finite")
            yield x, labels


def parse(source, place, features=None):
    """Reads rows in libsvm format, whose features are counted from 1.

    Args:
      source: a path or a binary file.
      place: what errors call it.
      features: number of features; the largest index by default.

    Returns:
      (inputs, float32 CSR [rows, features]; the label numbers of each row).

    Raises:
      DataError: rows are malformed, or have more features.
      OSError: `source` cannot be read.
    """
    try:
        return load_svmlight_file(
            source, n_features=features, multilabel=True, zero_based=False, dtype=np.float32
        )
    except (ValueError, OverflowError) as error:
        raise DataError(f"{place}: malformed libsvm: {error}") from error
