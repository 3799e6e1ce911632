import numpy as np
import pytest
import tensorflow as tf

from alen_tf.errors import ConfigError
from alen_tf.networks.conditionals import Conditionals

NAN = np.nan


def made(random=None, labels=4, **options):
    layer = Conditionals(units=3, **options)
    layer.build((None, labels))
    if random is not None:
        layer.set_weights([random.randn(*each.shape) for each in layer.get_weights()])
    return layer


def test_marginals_where_nothing_is_known_are_the_inference_networks(random):
    logits = np.float32(random.randn(5, 4))
    np.testing.assert_array_equal(made(random)(logits, np.full((5, 4), NAN, np.float32)), logits)


def test_logits(random):
    """Label by label, in loops."""
    layer = made(random)
    w = {weight.name: np.float64(weight.numpy()) for weight in layer.weights}
    logits = np.float32(random.randn(2, 4))
    known = np.float32([[NAN, 1, 0, NAN], [1, NAN, NAN, NAN]])
    for row in range(2):
        before = w["bias"] + logits[row] @ w["of_logits"]
        after = before.copy()
        for i in range(4):
            if known[row, i] == 1:
                after += w["of_positive"][i]
            elif known[row, i] == 0:
                after += w["of_negative"][i]
        change = np.maximum(after, 0) - np.maximum(before, 0)
        expected = logits[row] + w["output_kernel"] @ change
        np.testing.assert_allclose(layer(logits, known)[row], expected, rtol=1e-4, atol=1e-4)


def test_hidden_units_are_dropped_in_training_alone(random):
    layer, logits = made(random), tf.constant(random.randn(50, 4), tf.float32)
    known = tf.constant([[1.0, 0.0, NAN, NAN]] * 50)
    assert np.any(layer(logits, known, training=True) != layer(logits, known))
    np.testing.assert_array_equal(layer(logits, known), layer(logits, known))


def test_settings():
    penalized = {each.name for each in made(l2=0.1).weights if each.regularizer is not None}
    assert penalized == {"of_logits", "of_positive", "of_negative", "output_kernel"}
    with pytest.raises(ConfigError, match=r"Conditionals\.units is 0"):
        Conditionals(0)
    with pytest.raises(ConfigError, match=r"Conditionals\.dropout is 2"):
        Conditionals(dropout=2.0)
