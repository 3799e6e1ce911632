"""Which inputs to scale, and how."""

import numpy as np
from scipy import sparse


def is_counts(x):
    """Whether inputs are mostly zeros and never negative, such as word counts. Standardising these
    would make rare words huge.

    Args:
      x: [rows, features], dense or scipy-sparse.
    """
    nonzero = x.count_nonzero() if sparse.issparse(x) else np.count_nonzero(x)
    return bool(nonzero < 0.5 * np.prod(x.shape) and x.min() >= 0)
