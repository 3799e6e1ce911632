import numpy as np
import pytest
from sklearn.metrics import f1_score

from alen_tf.objectives import metrics


@pytest.mark.parametrize("kind", [bool, np.uint8, np.float32])
def test_example_f1_is_scikit_learns(random, kind):
    y = random.rand(60, 8) < random.rand(60, 1)
    y_true = random.rand(60, 8) < random.rand(60, 1)
    y[:4] = False
    y_true[2:6] = False  # rows 2 and 3 are empty on both sides
    expected = f1_score(y_true, y, average="samples", zero_division=1.0)
    found = metrics.example_f1(y.astype(kind), y_true.astype(kind))
    assert isinstance(found, float)
    assert found == pytest.approx(expected, abs=1e-12)


def test_example_f1_by_hand():
    y_true = [[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]
    y = [[1, 0, 1, 0], [0, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]]
    assert metrics.example_f1(y, y_true) == (0.5 + 1.0 + 0.0 + 1.0) / 4
