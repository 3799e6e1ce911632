import keras
import numpy as np
import pytest
import tensorflow as tf

from alen_tf.networks.energy import Energy
from alen_tf.networks.mlp import MLPEnergy


class DropoutEnergy(Energy):
    """The smallest energy whose encoding differs in training."""

    def __init__(self):
        super().__init__()
        self.dropout = keras.layers.Dropout(0.5)

    def encode(self, x, training=False):
        return self.dropout(x, training=training)

    def score(self, z, y):
        return keras.ops.sum(z * y, axis=-1)


def test_call_is_score_of_encode(random):
    energy = MLPEnergy(hidden_units=5, global_units=3)
    x, y = tf.constant(random.randn(6, 3), tf.float32), tf.constant(random.rand(6, 4), tf.float32)
    direct = energy([x, y])
    assert direct.shape == (6,)
    assert np.ptp(direct) > 0
    np.testing.assert_allclose(energy.score(energy.encode(x), y), direct, rtol=1e-6)


def test_call_hands_training_on():
    energy, x, y = DropoutEnergy(), tf.ones((1, 1000)), tf.ones((1, 1000))
    assert energy([x, y]).numpy() == [1000.0]
    assert energy([x, y], training=True).numpy() != [1000.0]


@pytest.mark.parametrize("method", ["encode", "score"])
def test_contract(method):
    arguments = {"encode": (tf.ones((1, 2)),), "score": (tf.ones((1, 2)), tf.ones((1, 2)))}
    with pytest.raises(NotImplementedError):
        getattr(Energy(), method)(*arguments[method])
