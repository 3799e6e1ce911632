"""Examples and the three splits of a data set."""

import dataclasses

import numpy as np

from alen_tf.datasets.readers.preprocessing import Preprocessing
from alen_tf.errors import ConfigError, DataError, check_number, check_seed, check_share


@dataclasses.dataclass(frozen=True)
class Examples:
    """Inputs and outputs of a split.

    Attributes:
      x: inputs, [examples, ...], of any numeric type; rows of mostly zeros may be a CSR matrix.
      y: outputs, [examples, ...]: uint8 in {0, 1}; float32 with NaN for missing labels; or
        float32 in [0, 1] where a place of a small image has shares of several classes.
      full: the truth at full size, for scoring, if that is not `y`, [examples, ...].
      counted: which pixels count, bool [examples, height, width]; elsewhere `y` is a guess. None
        for all.
      weight: of each example in losses and scores, [examples]; None for equal weights.
    """

    x: np.ndarray
    y: np.ndarray
    full: np.ndarray | None = None
    counted: np.ndarray | None = None
    weight: np.ndarray | None = None

    def __len__(self):
        return len(self.y)

    def take(self, rows):
        """The examples at `rows`."""
        parts = (self.x, self.y, self.full, self.counted, self.weight)
        return Examples(*(None if part is None else part[rows] for part in parts))

    @property
    def incomplete(self):
        """Whether some outputs are missing."""
        return self.counted is not None or bool(np.isnan(self.y).any())

    @property
    def label_counts(self):
        """How often each entry of the last axis of outputs is known to be there, [labels]."""
        return np.asarray(np.nan_to_num(self.y), bool).reshape(-1, self.y.shape[-1]).sum(axis=0)

    @property
    def truth(self):
        """The truth for scoring: `full`, or `y` with zeros at pixels that do not count."""
        if self.full is not None:
            return self.full
        return self.y if self.counted is None else self.y * self.counted[..., None]


@dataclasses.dataclass(frozen=True)
class Splits:
    """A data set.

    Attributes:
      name: of the data set.
      train, validation, test: the three splits; `train` may be `shards.Sharded`.
      label_names, feature_names: if there are names.
      metadata: facts that results must state.
      preprocessing: how the columns of a table became inputs; None where they are inputs as they
        are.
      high_res: the training images and masks at a multiple of their height and width, for
        augmentation; None if there is only `train`.
    """

    name: str
    train: Examples
    validation: Examples
    test: Examples
    label_names: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()
    metadata: dict[str, str] = dataclasses.field(default_factory=dict)
    high_res: Examples | None = None
    preprocessing: Preprocessing | None = None


def hold_out(examples, fraction=0.1, seed=0):
    """Splits off a validation split that depends only on the number of examples, `fraction` and
    `seed`.

    Returns:
      (rest, held out), both in the order of `examples`.

    Raises:
      ConfigError: `fraction` or `seed` is out of its range.
    """
    check_number("the held-out share", fraction, most=1.0)
    check_seed("the seed of the held-out rows", seed)
    order = np.random.RandomState(seed).permutation(len(examples))
    count = round(fraction * len(examples))
    return examples.take(np.sort(order[count:])), examples.take(np.sort(order[:count]))


def training_and_validation(examples, fraction, seed, hold_out=hold_out, noun="sample"):
    """What an estimator learns from, and what chooses its epoch and threshold.

    Args:
      examples, fraction, seed: see `hold_out`.
      hold_out: a function that holds a share out.
      noun: what a message calls an example.

    Raises:
      ConfigError: `fraction`, the estimators' `validation_fraction`, is no share or leaves a part
        empty.
    """
    check_share("validation_fraction", fraction)
    train, validation = hold_out(examples, fraction, seed)
    if not len(train) or not len(validation):
        raise ConfigError(
            f"validation_fraction={fraction} of {len(examples)} {noun}(s) leaves {len(train)} for "
            f"training and {len(validation)} for validation"
        )
    return train, validation


def check_disjoint(start, listed):
    """Checks that no example is listed twice.

    Args:
      start: start of the message.
      listed: names or numbers of examples by split.

    Raises:
      DataError: an example is repeated.
    """
    found, counts = np.unique(np.concatenate(list(listed.values())), return_counts=True)
    if (counts > 1).any():
        raise DataError(f"{start} {found[counts > 1][0]} is listed more than once")


def three_splits(
    source,
    train,
    validation=None,
    test=None,
    validation_fraction=0.2,
    test_fraction=0.2,
    seed=0,
    hold_out=hold_out,
):
    """Training, validation and test examples. Missing splits are held out, the test split first.

    Args:
      source: name of the examples in errors.
      train, validation, test: `Examples`.
      validation_fraction, test_fraction: shares to hold out; `validation_fraction` may be 0 for
        training without validation.
      seed: of what is held out.
      hold_out: function that holds out a share.

    Raises:
      ConfigError: a share is invalid.
      DataError: a split has no example.
    """
    count = len(train)
    if test is None:
        check_share("test_fraction", test_fraction)
        train, test = hold_out(train, test_fraction, seed)
    if validation is None:
        check_number("validation_fraction", validation_fraction, most=1.0)
        train, validation = hold_out(train, validation_fraction, seed)
    parts = {"training": train, "validation": validation, "test": test}
    if not validation_fraction:
        del parts["validation"]
    for name, part in parts.items():
        if not len(part):
            raise DataError(f"{source}: {count} examples leave none for the {name} split")
    return train, validation, test
