"""Multi-label classification: which of M labels does an input have?"""

import gin

from alen_tf.inference.spaces import Box
from alen_tf.objectives import metrics, oracles
from alen_tf.tasks.task import Task


@gin.register
class MultiLabel(Task):
    """Label sets as vectors in {0, 1}^M, judged by example-averaged F1."""

    metric = "example_f1"

    def __init__(self, dataset=gin.REQUIRED, oracle=oracles.f1):
        """Configures the task.

        Args:
          dataset: function of (manual_dir, data_dir) that returns `Splits`.
          oracle: oracle value function h(y, y*); Eq. 8 by default.
        """
        self.dataset = dataset
        self.oracle = oracle
        self.space = Box()

    def load(self, manual_dir=None, data_dir=None):
        return self.dataset(manual_dir=manual_dir, data_dir=data_dir)

    def scores(self, y, y_true, threshold=0.5, weight=None):
        return {self.metric: metrics.example_f1(y >= threshold, y_true, weight)}
