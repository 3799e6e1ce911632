import numpy as np
import pytest

from alen_tf.errors import ConfigError
from alen_tf.networks.expected_oracle import ExpectedOracle


def made(units, l2=0.01):
    energy = ExpectedOracle(units, l2)
    energy.build([(None, 4), (None, 4)])
    return energy


def sigmoid(s):
    return 1 / (1 + np.exp(-s))


@pytest.mark.parametrize("units", [0, 3])
def test_it_starts_at_the_soft_dice_of_outputs_and_marginals(random, units):
    logits, y = np.float32(random.randn(6, 4)), np.float32(random.rand(6, 4))
    p = sigmoid(logits)
    expected = 2 * np.sum(y * p, axis=1) / np.sum(y + p, axis=1)
    np.testing.assert_allclose(sigmoid(made(units)([logits, y])), expected, atol=1e-4)


def test_score(random):
    energy = made(3)
    energy.set_weights([np.asarray(random.randn(*weight.shape)) for weight in energy.get_weights()])
    logits, y = np.float32(random.randn(6, 4)), np.float32(random.rand(6, 4))
    w = {weight.path.split("/", 1)[1]: weight.numpy() for weight in energy.weights}
    p = sigmoid((1 + w["gain"]) * logits + w["shift"])
    v = 2 * np.sum(y * p, axis=1) / np.sum(y + p, axis=1)
    hidden = y @ energy.of_output.kernel.numpy() + logits @ energy.of_logits.kernel.numpy()
    residual = np.logaddexp(0, hidden + energy.of_logits.bias.numpy())
    expected = (1 + w["value_gain"]) * np.log(v / (1 - v)) + w["value_shift"]
    expected += (residual @ energy.residual.kernel.numpy())[:, 0]
    np.testing.assert_allclose(energy([logits, y]), expected, rtol=1e-4, atol=1e-4)


def test_penalties_leave_calibration_free():
    regularized = {weight.path for weight in made(3).weights if weight.regularizer is not None}
    assert len(regularized) == 4  # a - 1 and three kernels
    with pytest.raises(ConfigError, match=r"ExpectedOracle\.units is -1"):
        ExpectedOracle(-1)
