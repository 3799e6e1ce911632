"""The contract of tasks."""

import abc

import numpy as np

from alen_tf.datasets.augmentation import Augmentation
from alen_tf.objectives import oracles

# Candidates for tuned decision thresholds; cross-entropy networks on rare labels want small ones.
THRESHOLDS = (0.01, 0.02, 0.03, 0.04, *(round(0.05 * k, 2) for k in range(1, 20)))


class Task(abc.ABC):
    """What is predicted and how predictions are judged.

    Attributes:
      metric: name of the metric that chooses checkpoints, steps and thresholds; the higher the
        better.
      space: the `OutputSpace` of outputs.
      oracle: oracle value function h(y, y*).
      augmentation: the `Augmentation` of training examples; none by default.
      test_time_augmentation: the `Views` of an input that predictions are averaged over; by default
        the input itself.
    """

    metric: str
    augmentation = Augmentation()
    test_time_augmentation = None

    @abc.abstractmethod
    def load(self, manual_dir=None, data_dir=None):
        """The task's `Splits`.

        Args:
          manual_dir: folder that holds one folder per data set with the files that its source
            publishes.
          data_dir: folder where prepared data sets are kept; TFDS's own by default.

        Raises:
          DataError: data is missing, damaged or malformed.
        """

    @abc.abstractmethod
    def scores(self, y: np.ndarray, y_true: np.ndarray, threshold: float = 0.5) -> dict[str, float]:
        """Scores of relaxed outputs `y` decoded at `threshold`, by name, `metric` among them."""

    @property
    def expected(self) -> str:
        """What v(x, y) expects, in words: the oracle value of a discrete output."""
        name = getattr(self.oracle, "__name__", "oracle value")
        return oracles.NAMES.get(name, name.replace("_", " "))

    def best_threshold(self, y: np.ndarray, y_true: np.ndarray, **options) -> float:
        """The threshold in `THRESHOLDS` with the highest score on a validation split; ties go
        towards 0.5. The options are those of `scores`."""
        nearest_first = sorted(THRESHOLDS, key=lambda threshold: abs(threshold - 0.5))
        return max(
            nearest_first,
            key=lambda threshold: self.scores(y, y_true, threshold, **options)[self.metric],
        )

    def pictures(self, x: np.ndarray, path: np.ndarray, y_true: np.ndarray) -> dict:
        """Matplotlib figures by name, of inputs, the path of outputs [steps + 1, examples, ...] and
        the truth."""
        del x, path, y_true
        return {}
