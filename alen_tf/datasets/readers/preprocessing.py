"""How the columns of a table become the inputs of a network: fitted once, then applied."""

import dataclasses
import math
import sys

import numpy as np

from alen_tf.datasets.readers.cells import dated
from alen_tf.errors import ConfigError, DataError, shortened

MISSING = ("median", "mean", "zero")
_CHOICES = "'median', 'mean' or 'zero'"
# Text with more values than this, and than half the rows, identifies rows and is not a category.
MOST_VALUES = 20


@dataclasses.dataclass(frozen=True)
class Feature:
    """A column, and its entries in an input.

    Attributes:
      name: of the column.
      categories: for a column of categories, one entry each, 1 if the cell has this category,
        otherwise 0; empty for a column of numbers, which is one entry.
      missing: the value of all its entries where the cell is missing; None if that is an error.
    """

    name: str
    categories: tuple[str, ...] = ()
    missing: float | None = None

    @property
    def entries(self):
        """A name for each entry."""
        return tuple(f"{self.name}={category}" for category in self.categories) or (self.name,)


@dataclasses.dataclass(frozen=True)
class Preprocessing:
    """The features of a model, in the order of the entries of its inputs."""

    features: tuple[Feature, ...]

    @classmethod
    def fit(cls, table, columns, rows, missing=None, categories=()):
        """Fits the preprocessing to the columns of a training table.

        Args:
          table: a `Table`.
          columns: the numbers of the columns that are features.
          rows: the numbers of the training rows, which decide on categories and imputed values.
          missing: what a missing number becomes: the "median" or "mean" of its column or "zero"; a
            missing category then becomes zeros. By default a missing cell is an error.
          categories: names of columns of numbers that are categories.

        Raises:
          DataError: a column holds neither numbers nor categories.
        """
        declared = table.nominal.union(table.columns(categories, "column of files.categories"))
        return cls(
            tuple(
                _numeric(table, column, rows, missing)
                if column not in declared and table.holds_numbers(column)
                else _categorical(table, column, rows, missing, column in declared)
                for column in columns
            )
        )

    @property
    def names(self):
        """A name for each entry of an input."""
        return tuple(name for feature in self.features for name in feature.entries)

    @property
    def needed(self):
        """Whether it does more than pass numbers on."""
        return any(feature.categories or feature.missing is not None for feature in self.features)

    def __call__(self, table):
        """The inputs of a table's rows, [rows, entries], float32.

        Columns are found by their names, in any order. A category that no training row has becomes
        zeros, with one warning per table on stderr.

        Raises:
          DataError: the table lacks a column, or has an invalid cell, or a missing cell without a
            replacement.
        """
        columns = table.columns([feature.name for feature in self.features], "feature")
        x = np.zeros((len(table), len(self.names)), np.float32)
        end, unseen = 0, {}
        for feature, column in zip(self.features, columns, strict=True):
            start, end = end, end + len(feature.entries)
            if feature.categories:
                text = table.text(column)
                missing = text == None  # noqa: E711 - of each cell
                entries = {category: start + k for k, category in enumerate(feature.categories)}
                for row in np.flatnonzero(~missing):
                    if text[row] in entries:
                        x[row, entries[text[row]]] = 1
                    else:
                        unseen[row] = f"{feature.name!r} is {text[row]!r}"
            else:
                x[:, start] = table.numbers(column)
                missing = np.isnan(x[:, start])
            if missing.any():
                if feature.missing is None:
                    raise DataError(
                        f"{table.place(np.flatnonzero(missing)[0])}: {feature.name!r} is missing; "
                        "fill it in, or choose how training replaces missing cells: "
                        f"files.missing = {_CHOICES}"
                    )
                x[missing, start:end] = feature.missing
        if unseen:
            row = min(unseen)
            more = f"; {len(unseen)} rows have such cells"
            print(
                f"warning: {table.place(row)}: {unseen[row]}, a category that no training row "
                f"has; it is encoded as zeros{more if len(unseen) > 1 else ''}",
                file=sys.stderr,
            )
        return x

    def to_json(self):
        """A list for `from_json`: an object per column, with "categories" where it has them."""
        return [
            {"name": feature.name}
            | ({"categories": list(feature.categories)} if feature.categories else {})
            | {"missing": feature.missing}
            for feature in self.features
        ]

    @classmethod
    def from_json(cls, content):
        """The preprocessing that `to_json` described.

        Raises:
          TypeError, ValueError: `content` is not what `to_json` makes.
        """
        features = []
        for entry in map(dict, content):
            feature = Feature(**entry | {"categories": tuple(entry.get("categories", ()))})
            texts = (feature.name, *feature.categories)
            finite = type(feature.missing) is float and math.isfinite(feature.missing)
            if not all(type(text) is str for text in texts) or not (
                finite or feature.missing is None
            ):
                raise TypeError(f"preprocessing has {entry!r}")
            features.append(feature)
        return cls(tuple(features))


def _numeric(table, column, rows, missing):
    name = table.names[column]
    hint = f"if it is a category, set files.categories = [{name!r}]"
    values = table.numbers(column, f"a number; {hint}")[rows].astype(np.float64)
    values = values[~np.isnan(values)]
    if missing in (None, "zero"):
        return Feature(name, missing=None if missing is None else 0.0)
    if not len(values):
        raise DataError(
            f"{table.source}: {name!r} has no value in any training row; leave it out: "
            f"files.ignore = [{name!r}]"
        )
    value = np.float32({"median": np.median, "mean": np.mean}[missing](values))
    return Feature(name, missing=float(str(value)))  # with as few digits as identify it


def _categorical(table, column, rows, missing, declared):
    name, text = table.names[column], table.text(column)
    ignored = f"leave it out: files.ignore = [{name!r}]"
    for row, cell in enumerate(table.frame[column]):
        if isinstance(cell, list | np.ndarray):
            raise DataError(f"{table.place(row)}: {name!r} is a list, not a feature; {ignored}")
    if not declared and (row := dated(text)) is not None:
        raise DataError(
            f"{table.place(row)}: {name!r} is {text[row]!r}, a date or time; convert it to "
            f"numbers, such as days since a start, or {ignored}"
        )
    found = sorted({cell for cell in text[rows] if cell is not None})
    if not found:
        raise DataError(f"{table.source}: {name!r} has no value in any training row; {ignored}")
    if not declared and len(found) > max(MOST_VALUES, len(rows) / 2):
        raise DataError(
            f"{table.source}: {name!r} has {len(found)} values in {len(rows)} training rows, such "
            f"as {shortened(found, 2)}, too many for categories; {ignored}; or keep them all: "
            f"files.categories = [{name!r}]"
        )
    return Feature(name, tuple(found), None if missing is None else 0.0)


def check_missing(missing):
    """Checks the setting `files.missing`.

    Raises:
      ConfigError: it is not one of `MISSING`.
    """
    if missing is not None and missing not in MISSING:
        raise ConfigError(f"files.missing is {missing!r}, expected {_CHOICES}")
