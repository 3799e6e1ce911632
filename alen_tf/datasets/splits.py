"""Examples and the three splits of a data set."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Examples:
    """Inputs `x` [examples, ...] of any numeric type and outputs `y` [examples, ...] in {0, 1},
    uint8."""

    x: np.ndarray
    y: np.ndarray

    def __len__(self):
        return len(self.x)

    def take(self, rows):
        """The examples at `rows`."""
        return Examples(self.x[rows], self.y[rows])


@dataclasses.dataclass(frozen=True)
class Splits:
    """A data set: its name, three splits, and the names of labels and features where they have
    names."""

    name: str
    train: Examples
    validation: Examples
    test: Examples
    label_names: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()


def hold_out(examples, fraction=0.1, seed=0):
    """Splits off a validation split that depends on nothing but the number of examples, `fraction`
    and `seed`.

    Returns:
      (rest, held out), both in the order of `examples`.
    """
    order = np.random.RandomState(seed).permutation(len(examples))
    count = round(fraction * len(examples))
    return examples.take(np.sort(order[count:])), examples.take(np.sort(order[:count]))
