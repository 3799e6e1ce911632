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
    images = [axis.get_images()[0].get_array() for axis in figures["digits"].axes]
    assert len(images) == 4 * 12
    for image in images:
        assert image.shape == (8, 8)
    top = x[0].reshape(4, 8) / 16
    for row in range(4):
        np.testing.assert_allclose(images[12 * row][:4], top)
    assert np.all(np.ma.getmaskarray(np.ma.masked_invalid(images[0][4:])))
    for row, bottom in ((1, path[0]), (2, path[-1]), (3, y_true)):
        np.testing.assert_allclose(images[12 * row][4:], bottom[0].reshape(4, 8))
        np.testing.assert_allclose(images[12 * row + 11][4:], bottom[11].reshape(4, 8))
    plt.close(figures["digits"])


def test_pictures_of_few_examples(task):
    figures = task.pictures(np.zeros((2, 32), np.uint8), np.zeros((2, 2, 32)), np.zeros((2, 32)))
    assert len(figures["digits"].axes) == 8
    plt.close(figures["digits"])
