"""Networks over images: what their parts have in common, and what each computes."""

import numpy as np
import pytest
import tensorflow as tf

from alen_tf.errors import ConfigError
from alen_tf.networks.conv import ConvEnergy
from alen_tf.networks.crf import MeanFieldCRF
from alen_tf.networks.energy import matrix_score
from alen_tf.networks.fcn import FCN, FCNEnergy
from alen_tf.networks.unet import UNet, UNetEnergy

SMALL = {"filters": (4, 6, 8)}
ENERGIES = {
    "fcn": lambda: FCNEnergy(**SMALL),
    "fcn with skips": lambda: FCNEnergy(**SMALL, skips=True),
    "unet": lambda: UNetEnergy(**SMALL, context_filters=(4, 8), groups=2),
    "unet of cells": lambda: UNetEnergy(**SMALL, context_filters=(4, 8), groups=2, stride=4),
}
SCALARS = {
    "conv": lambda: ConvEnergy(**SMALL, units=(10, 5)),
}


@pytest.fixture
def batch(random):
    return tf.constant(random.randn(3, 12, 8, 3), tf.float32)


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("make", [FCN, UNet, MeanFieldCRF])
def test_inference_networks_give_logits_at_every_pixel(batch, make, outputs):
    assert make(outputs)(batch).shape == (3, 12, 8, outputs)


@pytest.mark.parametrize("make", [FCN, UNet])
def test_inference_networks_take_images_of_several_sizes(batch, make):
    network = make(2, **SMALL)
    network(batch)
    assert network(batch[:, :8]).shape == (3, 8, 8, 2)


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("make", ENERGIES.values(), ids=ENERGIES)
def test_energies_score_every_pixel(batch, random, make, outputs):
    y = tf.constant(random.rand(3, 12, 8, outputs), tf.float32)
    assert make()([batch, y]).shape == (3, 12, 8)


@pytest.mark.parametrize("make", SCALARS.values(), ids=SCALARS)
def test_energies_with_one_score(batch, make):
    assert make()([batch, batch[..., :1]]).shape == (3,)


@pytest.mark.parametrize("make", (ENERGIES | SCALARS).values(), ids=ENERGIES | SCALARS)
def test_examples_of_a_batch_do_not_interact(batch, random, make):
    """What an ascent relies on: the slope of an example's value depends on that example alone."""
    energy = make()
    y = tf.constant(random.rand(3, 12, 8, 1), tf.float32)
    together = energy([batch, y])
    alone = [energy([batch[i : i + 1], y[i : i + 1]])[0] for i in range(3)]
    np.testing.assert_allclose(together, tf.stack(alone), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("make", ENERGIES.values(), ids=ENERGIES)
def test_the_slope_reaches_every_pixel(batch, random, make):
    energy = make()
    y = tf.constant(random.rand(3, 12, 8, 1), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(y)
        value = tf.reduce_sum(energy([batch, y]))
    assert np.all(tape.gradient(value, y).numpy() != 0)


@pytest.mark.parametrize("make", [FCNEnergy, ConvEnergy])
def test_the_first_convolution_is_that_of_image_and_output_together(batch, random, make):
    energy = make()
    y = tf.constant(random.rand(3, 12, 8, 1), tf.float32)
    energy([batch, y])
    kernel = tf.concat([energy.image.kernel, energy.output_half.kernel], axis=2)
    together = tf.nn.conv2d(tf.concat([batch, y], -1), kernel, 1, "SAME")
    found = energy.encode(batch) + energy.output_half(y)
    np.testing.assert_allclose(found, together + energy.image.bias, rtol=1e-4, atol=1e-4)


def test_a_cell_has_a_score_for_each_of_its_pixels(batch):
    network = UNet(2, **SMALL, stride=2)
    found = network(batch).numpy()
    cells = batch.numpy().reshape(3, 6, 2, 4, 2, 3).transpose(0, 1, 3, 2, 4, 5)
    features = network.hourglass(tf.constant(cells.reshape(3, 6, 4, 12))).numpy()
    kernel, bias = (weights.numpy() for weights in network.head.weights)
    for row, column, output in np.ndindex(2, 2, 2):
        channel = 4 * row + 2 * column + output
        expected = features @ kernel[0, 0, :, channel] + bias[channel]
        np.testing.assert_allclose(found[:, row::2, column::2, output], expected, atol=1e-4)


@pytest.mark.parametrize("make", [lambda: UNet(1, stride=8), lambda: UNetEnergy(stride=8)])
def test_images_are_made_of_whole_cells(batch, make):
    network = make()
    with pytest.raises(ConfigError, match=r"stride = 8: images of 12x8 .* a multiple of 8"):
        network(batch) if isinstance(network, UNet) else network([batch, batch[..., :1]])


def test_the_sizes_of_the_paper():
    # Three 5x5 convolutions and two transposed 4x4 ones.
    network = FCN(1)
    network(tf.zeros((1, 24, 24, 3)))
    weights = [25 * 3 * 64, 25 * 64 * 128, 25 * 128 * 128, 16 * 128 * 64, 16 * 64 * 1]
    assert network.count_params() == sum(weights) + 64 + 128 + 128 + 64 + 1


@pytest.mark.parametrize("outputs", [1, 3])
def test_matrix_score(random, outputs):
    y, scores = random.rand(2, 2, 4, 5, outputs).astype(np.float32)
    found = matrix_score(tf.constant(y), tf.constant(scores)).numpy()
    for pixel in np.ndindex(2, 4, 5):
        middle = 0.5 if outputs == 1 else 1 / 3
        expected = sum((y[pixel][k] - middle) * scores[pixel][k] for k in range(outputs))
        assert found[pixel] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("make", ENERGIES.values(), ids=ENERGIES)
def test_the_uninformed_output_scores_nothing(batch, make):
    np.testing.assert_allclose(make()([batch, tf.fill((3, 12, 8, 3), 1 / 3)]), 0, atol=1e-5)
    np.testing.assert_allclose(make()([batch, tf.fill((3, 12, 8, 1), 0.5)]), 0, atol=1e-5)


class TestMeanFieldCRF:
    @pytest.mark.parametrize("outputs", [1, 3])
    def test_updates_are_those_of_a_loop_over_pairs(self, random, outputs):
        crf = MeanFieldCRF(outputs, iterations=2, near=1.5, far=3.0, colour=0.5)
        x = random.randn(2, 4, 4, 3).astype(np.float32)
        found = crf(tf.constant(x)).numpy().reshape(2, 16, outputs)
        unary = crf.unary(tf.constant(x)).numpy().reshape(2, 16, outputs)
        pixels = np.array([(i, j) for i in range(4) for j in range(4)])
        for image in range(2):
            colours, kernel = x[image].reshape(16, 3), np.zeros((16, 16))
            for term in range(2):
                part = np.zeros((16, 16))
                for a in range(16):
                    for b in range(16):
                        if a != b:
                            squares = np.sum((pixels[a] - pixels[b]) ** 2)
                            colour = np.sum((colours[a] - colours[b]) ** 2)
                            near, far = squares / 1.5**2, squares / 3.0**2 + colour / 0.5**2
                            part[a, b] = np.exp(-0.5 * (far if term else near))
                kernel += part / (part.sum(axis=1, keepdims=True) + 1e-6)
            logits = unary[image]
            for _ in range(2):
                if outputs == 1:
                    votes = 2 / (1 + np.exp(-logits)) - 1
                else:
                    votes = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
                logits = unary[image] + kernel @ votes
            np.testing.assert_allclose(found[image], logits, rtol=1e-3, atol=1e-4)

    def test_weights_and_widths_are_learned(self, batch):
        crf = MeanFieldCRF(1)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(crf(batch)))
        own = [*crf.log_weights, crf.log_near, crf.log_far, crf.log_colour]
        assert all(float(slope) != 0 for slope in tape.gradient(loss, [v.value for v in own]))
