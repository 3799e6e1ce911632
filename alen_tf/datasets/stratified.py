"""Held-out rows in which every label is as frequent as in the rest: a random part may have no row
of a rare label, and then says nothing about it."""

import numpy as np
from iterstrat.ml_stratifiers import MultilabelStratifiedShuffleSplit

from alen_tf.datasets import splits


def hold_out(examples, fraction=0.1, seed=0):
    """`splits.hold_out` by iterative stratification (Sechidis et al., ECML 2011); rows without
    labels are stratified too. If there are so few rows that a part would be empty, they are held
    out at random.

    Args:
      examples: with label sets in {0, 1}, [rows, labels].
      fraction: approximate share of the rows.
      seed: of the choice among equally good parts.

    Returns:
      (rest, held out), both in the order of `examples`.

    Raises:
      ConfigError: `fraction` or `seed` is out of its range.
    """
    rest, held_out = splits.hold_out(examples, fraction, seed)
    if not len(rest) or not len(held_out):
        return rest, held_out
    has = np.asarray(examples.y) == 1
    strata = np.column_stack([has, ~has.any(axis=1)])
    splitter = MultilabelStratifiedShuffleSplit(1, test_size=fraction, random_state=seed)
    (parts,) = splitter.split(np.zeros(len(has)), strata)
    return tuple(examples.take(np.sort(rows)) for rows in parts)
