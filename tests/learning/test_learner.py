import numpy as np
import pytest
import tensorflow as tf

from alen_tf.inference.ascent import GradientAscent
from alen_tf.learning.dvn import DVN
from alen_tf.networks.icnn import ICNN
from alen_tf.networks.mlp import MLPEnergy


@pytest.mark.parametrize("energy", [MLPEnergy, ICNN])
def test_checkpoints_hold_every_weight(build, sgd, batch, tmp_path, energy):
    """Also those of layers in lists, which Keras does not track in TensorFlow's checkpoints."""

    def make():
        ascent = GradientAscent(steps=2, step_size=1.0)
        return build(DVN(energy, sgd, ascent, ascent, ascent))

    trained, restored = make(), make()
    trained.train_step(*batch)
    path = tf.train.Checkpoint(learner=trained).save(tmp_path / "checkpoint")
    tf.train.Checkpoint(learner=restored).restore(path).assert_consumed()
    for expected, weight in zip(trained.energy.weights, restored.energy.weights, strict=True):
        np.testing.assert_array_equal(weight, expected)
