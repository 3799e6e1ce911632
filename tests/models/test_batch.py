"""Places of images that do not count: a step on images with a margin of them is one on the rest."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from alen_tf.inference.ascent import GradientAscent
from alen_tf.models.alen import ALEN
from alen_tf.models.batch import Batch, mean, only_counted, per_example
from alen_tf.models.feed_forward import FeedForward
from alen_tf.models.optimizers import sgd
from alen_tf.objectives.oracles import class_iou, iou, soft_pixel_accuracy

CLASSES = 3


@pytest.fixture
def images(random):
    """Inputs and classes, [4, 5, 6, ...], and which places count: not the last two columns, whose
    classes are guesses."""
    x = random.randn(4, 5, 6, 2).astype(np.float32)
    y = np.eye(CLASSES, dtype=np.float32)[random.randint(0, CLASSES, (4, 5, 6))]
    counted = np.ones((4, 5, 6), np.float32)
    counted[:, :, 4:] = 0
    return x, y, counted


def per_pixel(outputs):
    return keras.layers.Dense(outputs)


def energy():
    """Scores of each pixel from that pixel alone."""
    x, y = keras.Input((5, None, 2)), keras.Input((5, None, CLASSES))
    hidden = keras.layers.Dense(8, "softplus")(keras.layers.Concatenate()([x, y]))
    return keras.Model([x, y], per_pixel(1)(hidden))


def inference_network():
    return keras.Sequential([keras.Input((5, None, 2)), per_pixel(8), per_pixel(CLASSES)])


def alen(pixels):
    # A plain step on the mean value of so many pixels moves each by one tenth of its own slope.
    refinement = GradientAscent(steps=2, step_size=pixels / 10, norm=None)
    return ALEN(energy(), inference_network(), "simplex", "soft_pixel_accuracy", refinement, seed=0)


def feed_forward(pixels):
    del pixels
    return FeedForward(inference_network(), "simplex", "soft_pixel_accuracy")


def stepped(method, batch):
    """Scalars and weights after a step from the same weights."""
    keras.utils.set_random_seed(0)
    model = method(batch.x.shape[1] * batch.x.shape[2])
    model.build(tuple(batch.x.shape), tuple(batch.y.shape))
    model.compile(energy_optimizer=sgd(1, 0.1), inference_optimizer=sgd(1, 0.1))
    _, scalars = model.update(batch)
    return scalars, [weight.numpy() for weight in model.trainable_variables]


@pytest.mark.parametrize("method", [alen, feed_forward])
def test_a_step_on_what_counts(images, method):
    x, y, counted = map(tf.constant, images)
    found, weights = stepped(method, Batch(x, y, counted=counted))
    part, expected = stepped(method, Batch(x[:, :, :4], y[:, :, :4]))
    names = [name for name in part if "_loss" in name or name.startswith(("oracle", "gradient"))]
    assert len(names) >= 2
    for name in names:
        np.testing.assert_allclose(found[name], part[name], rtol=1e-4, err_msg=name)
    for one, other in zip(weights, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    _, all_of_it = stepped(method, Batch(x, y))
    assert not np.allclose(all_of_it[0], expected[0], rtol=1e-3)


def test_oracle_values_are_of_what_counts(images, random):
    _, y_true, counted = images
    y = random.dirichlet(np.ones(CLASSES), y_true.shape[:-1]).astype(np.float32)
    for oracle in (class_iou, iou, soft_pixel_accuracy):
        value = oracle(only_counted(tf.constant(y), counted), only_counted(y_true, counted))
        expected = per_example(oracle(tf.constant(y[:, :, :4]), tf.constant(y_true[:, :, :4])))
        np.testing.assert_allclose(per_example(value, counted), expected, rtol=1e-5)


def test_means_are_of_what_counts(random):
    values = random.randn(3, 4, 5).astype(np.float32)
    weight = np.array([1, 0, 3], np.float32)
    counted = (random.rand(3, 4, 5) < 0.4).astype(np.float32)
    expected = values[counted == 1].mean()
    assert mean(values, counted=counted).numpy() == pytest.approx(expected, rel=1e-5)
    expected = np.sum(values * counted * weight[:, None, None]) / counted.sum()
    assert mean(values, weight, counted).numpy() == pytest.approx(expected, rel=1e-5)
    assert mean(values, counted=np.zeros_like(counted)).numpy() == 0.0
    assert mean(values[:, 0, 0], weight, counted).numpy() == pytest.approx(
        np.mean(values[:, 0, 0] * weight), rel=1e-5
    )
