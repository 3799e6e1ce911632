import keras
import numpy as np
import tensorflow as tf

from alen_tf.networks.regularization import half_squared_norm


def test_value_and_gradient_are_those_of_keras():
    weights = tf.random.stateless_normal((8, 3), seed=(0, 1))
    found = []
    for penalty in (half_squared_norm(0.3), keras.regularizers.L2(0.15)):
        with tf.GradientTape() as tape:
            tape.watch(weights)
            value = penalty(weights)
        found.append((value, tape.gradient(value, weights)))
    (value, gradient), (expected, expected_gradient) = found
    np.testing.assert_allclose(value, expected, rtol=1e-6)
    np.testing.assert_array_equal(gradient, expected_gradient)


def test_no_weight_is_no_penalty():
    assert half_squared_norm(0.0) is None
