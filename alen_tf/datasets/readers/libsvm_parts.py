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
            try:
                x, labels = load_svmlight_file(
                    io.BytesIO("".join(part).encode()),
                    multilabel=True,
                    zero_based=False,
                    dtype=np.float32,
                )
            except (ValueError, OverflowError) as error:
                last = first + len(part) - 1
                raise DataError(f"{path}:{first}-{last}: malformed libsvm: {error}") from error
            if not (np.isfinite(x.data).all() and np.isfinite([*itertools.chain(*labels)]).all()):
                raise DataError(f"{path}:{first}-{first + len(part) - 1}: a number is not finite")
            yield x, labels
