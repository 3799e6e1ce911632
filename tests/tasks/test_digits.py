import matplotlib.pyplot as plt
import numpy as np
import pytest

from alen_tf.tasks.digits import DigitsCompletion


@pytest.fixture
def task():
    return DigitsCompletion()


def test_load(task):
    splits = task.load()
    assert splits.name == "digits"
    assert splits.train.x.shape == (1170, 32)


@pytest.mark.parametrize("examples", [12, 20])
def test_pictures_show_input_prediction_and_truth(task, random, examples):
    x = random.randint(0, 17, (examples, 32)).astype(np.uint8)
    path = random.rand(3, examples, 32).astype(np.float32)
    y_true = (random.rand(examples, 32) < 0.5).astype(np.uint8)
    figures = task.pictures(x, path, y_true)
    assert list(figures) == ["digits"]
    assert isinstance(figures["digits"], plt.Figure)
    canvas = figures["digits"].axes[0].get_images()[0].get_array()
    assert canvas.shape == (4 * 9 - 1, 12 * 9 - 1, 3)

    def shown(row, column):
        found = canvas[9 * row : 9 * row + 8, 9 * column : 9 * column + 8]
        np.testing.assert_array_equal(canvas[9 * row, 9 * column + 8 : 9 * column + 9], 1.0)  # gap
        return found

    for column in (0, 10):
        np.testing.assert_array_equal(shown(0, column)[4:, :, 0], np.full((4, 8), 0.69))
        for row, bottom in ((1, path[0]), (2, path[-1]), (3, y_true)):
            half = x[column].reshape(4, 8) / 16
            expected = np.concatenate([half, bottom[column].reshape(4, 8)])
            np.testing.assert_allclose(shown(row, column)[..., 1], expected)
    plt.close(figures["digits"])


def test_pictures_of_few_examples(task):
    figures = task.pictures(np.zeros((2, 32), np.uint8), np.zeros((2, 2, 32)), np.zeros((2, 32)))
    assert figures["digits"].axes[0].get_images()[0].get_array().shape == (35, 17, 3)
    plt.close(figures["digits"])
