import numpy as np
import tensorflow as tf

from alen_tf.inference.mirror import MirrorAscent
from alen_tf.inference.spaces import Box


def linear(slope):
    return lambda y: tf.reduce_sum(slope * y, axis=1)


def test_logits_move_by_the_gradient_at_the_output():
    slope = np.float32([[1.0, -2.0]])
    ascent = MirrorAscent(steps=2, step_size=0.5, floor=0.1)
    path = ascent(linear(slope), tf.constant([[0.0, 0.4]]), Box())
    logits = np.log([[0.1 / 0.9, 0.4 / 0.6]])
    for step, y in enumerate(path):
        expected = 1 / (1 + np.exp(-(logits + step * 0.5 * slope)))
        np.testing.assert_allclose(y, expected, rtol=1e-5)


def test_with_entropy_it_ends_at_the_relaxed_gradient():
    slope = np.float32([[1.0, -2.0, 0.0]])
    ascent = MirrorAscent(steps=30, step_size=0.5, entropy=1.0)
    path = ascent(linear(slope), tf.zeros((1, 3)), Box())
    np.testing.assert_allclose(path[-1], 1 / (1 + np.exp(-slope)), rtol=1e-5)


def test_outputs_stay_inside():
    ascent = MirrorAscent(steps=3, step_size=1.0)
    path = ascent(linear(np.float32([[9.0, -9.0]])), tf.constant([[1.0, 0.0]]), Box())
    assert len(path) == 4
    assert np.all((np.stack(path) > 0) & (np.stack(path) <= 1))


def test_logits_are_the_inverse_of_relax():
    logits = tf.constant([[-3.0, 0.0, 2.0]])
    np.testing.assert_allclose(Box().logits(Box().relax(logits)), logits, rtol=1e-4, atol=1e-6)
