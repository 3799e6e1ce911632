"""The inputs and outputs of a trained model: shapes, names and threshold, stored with its weights.

With a signature, a model can be rebuilt without data, and users' mistakes are found before
TensorFlow sees them.
"""

import dataclasses

import numpy as np

from alen_tf.datasets.readers.preprocessing import Preprocessing
from alen_tf.errors import DataError, check_finite, shortened


@dataclasses.dataclass(frozen=True)
class Signature:
    """The signature of a trained model.

    Attributes:
      input_shape: of one example, without the batch axis.
      output_shape: likewise.
      label_names: a name per entry of the last output axis.
      feature_names: a name per entry of the last input axis; empty if there are no names.
      threshold: for relaxed outputs, the best one on validation; None if labels are decoded
        together, from marginals.
      expected: the score that confidence predicts, such as "F1".
      preprocessing: how columns of a table become inputs; None if they are used as they are.
    """

    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    label_names: tuple[str, ...]
    feature_names: tuple[str, ...] = ()
    threshold: float | None = 0.5
    expected: str = "score"
    preprocessing: Preprocessing | None = None

    @classmethod
    def of(cls, splits, threshold, expected="score"):
        """The signature of a model for a data set; unnamed labels are called "0", "1", ..."""
        outputs = splits.train.y.shape[1:]
        names = splits.label_names or tuple(str(label) for label in range(outputs[-1]))
        inputs = splits.train.x.shape[1:]
        features, preprocessing = splits.feature_names, splits.preprocessing
        return cls(inputs, outputs, names, features, threshold, expected, preprocessing)

    @property
    def of_images(self):
        """Whether inputs are images [height, width, channels]."""
        return len(self.input_shape) == 3 and len(self.output_shape) == 3

    def to_json(self):
        """An object for `from_json`."""
        content = dict(vars(self))
        preprocessing = content.pop("preprocessing")
        return content | ({"preprocessing": preprocessing.to_json()} if preprocessing else {})

    @classmethod
    def from_json(cls, content):
        """The signature that `to_json` described.

        Raises:
          TypeError, ValueError: `content` is not what `to_json` makes.
        """
        content = dict(content)
        preprocessing = content.pop("preprocessing", None)
        made = cls(
            **{k: tuple(v) if isinstance(v, list) else v for k, v in content.items()},
            preprocessing=None if preprocessing is None else Preprocessing.from_json(preprocessing),
        )
        for name, kind in (("shape", int), ("names", str)):
            for field, value in vars(made).items():
                if field.endswith(name) and not (
                    isinstance(value, tuple) and all(type(entry) is kind for entry in value)
                ):
                    raise TypeError(f"{field} is {value!r}")
        if len(made.label_names) != made.output_shape[-1]:
            raise ValueError(f"{len(made.label_names)} names for shape {made.output_shape}")
        threshold = made.threshold
        if threshold is not None and (type(threshold) is not float or not 0 <= threshold <= 1):
            raise ValueError(f"the threshold is {threshold!r}")
        if made.preprocessing and made.input_shape != (len(made.preprocessing.names),):
            raise ValueError(f"{len(made.preprocessing.names)} inputs for {made.input_shape}")
        if type(made.expected) is not str:
            raise TypeError(f"expected is {made.expected!r}")
        return made

    def check_inputs(self, x, source):
        """Checks that `x`, from a file or argument called `source`, is [rows, *input_shape] of
        finite numbers.

        Raises:
          DataError: it is not; the message names the row.
        """
        if x.shape[1:] != self.input_shape:
            raise DataError(
                f"{source}: rows of shape {_shape(x.shape[1:])}, "
                f"but the model was trained on rows of shape {_shape(self.input_shape)}"
            )
        check_finite(x, source)

    def check_known(self, known, rows, source):
        """Checks that `known` is [rows, *output_shape] of 0, 1 and NaN.

        Raises:
          DataError: it is not; the message names the row.
        """
        if known.shape != (rows, *self.output_shape):
            raise DataError(
                f"{source}: known labels of shape {_shape(known.shape)}, "
                f"expected {_shape((rows, *self.output_shape))}: one row per input row"
            )
        wrong = np.argwhere(~(np.isnan(known) | (known == 0) | (known == 1)))
        if len(wrong):
            row, *_, label = wrong[0]
            raise DataError(
                f"{source}: row {row + 1}, label {self.label_names[label]!r}: "
                f"{known[tuple(wrong[0])]} is not 0, 1 or unknown (NaN)"
            )

    def known_columns(self, names, values, source):
        """Expands known values of some labels to all labels.

        Args:
          names: label names.
          values: [rows, names], NaN where unknown.
          source: their name in errors.

        Returns:
          [rows, *output_shape], float32.

        Raises:
          DataError: a name is not a label of the model.
        """
        columns = {name: column for column, name in enumerate(self.label_names)}
        unknown = [name for name in names if name not in columns]
        if unknown:
            raise DataError(
                f"{source}: the model has no label {unknown[0]!r}; "
                f"its labels are {shortened(self.label_names)}"
            )
        known = np.full((len(values), *self.output_shape), np.nan, np.float32)
        known[:, [columns[name] for name in names]] = values
        return known


def _shape(shape):
    return "x".join(map(str, shape))
