import numpy as np
import pytest
import tensorflow as tf

from alen_tf.networks.penalty import HalfSquares


def test_half_the_squares_times_the_weight():
    kernel = np.random.default_rng(0).normal(size=(7, 5)).astype(np.float32)
    penalty = HalfSquares(0.3)
    assert float(penalty(kernel)) == pytest.approx(0.15 * np.sum(kernel**2), rel=1e-6)
    with tf.GradientTape() as tape:
        tape.watch(variable := tf.constant(kernel))
        value = penalty(variable)
    np.testing.assert_allclose(tape.gradient(value, variable), 0.3 * kernel, rtol=1e-6)


def test_it_can_be_saved():
    assert HalfSquares.from_config(HalfSquares(0.3).get_config()).weight == 0.3
