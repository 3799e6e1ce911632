import keras
import numpy as np
import pytest
import tensorflow as tf

from alen_tf.models.optimizers import penalty
from alen_tf.networks.mlp import MLP, MLPEnergy


def softplus(x):
    return np.log1p(np.exp(x))


def built(network, *shapes):
    """The network after one call, with biases that are not zero."""
    inputs = [tf.zeros((1, shape)) for shape in shapes]
    network(inputs if len(inputs) > 1 else inputs[0])
    random = np.random.RandomState(1)
    for variable in network.trainable_variables:
        if variable.name == "bias":
            variable.assign(random.randn(*variable.shape))
    return network


@pytest.mark.parametrize("hidden_layers", [1, 2])
def test_energy_is_the_formula_of_its_weights(random, hidden_layers):
    energy = MLPEnergy(hidden_units=5, hidden_layers=hidden_layers, global_units=3)
    energy = built(energy, 6, 4)
    x, y = random.randn(7, 6), random.rand(7, 4)
    weights = [np.float64(weight) for weight in energy.get_weights()]
    assert [w.shape for w in weights] == [
        *[(6, 5), (5,), (5, 5), (5,)][: 2 * hidden_layers],
        *[(5, 4), (4,), (4, 3), (3, 1)],  # neither global layer has a bias
    ]
    features = x
    for layer in range(hidden_layers):
        features = softplus(features @ weights[2 * layer] + weights[2 * layer + 1])
    local, bias, w1, w2 = weights[2 * hidden_layers :]
    z = features @ local + bias
    expected = np.sum(y * z, axis=1) + (softplus(y @ w1) @ w2)[:, 0]
    x, y = tf.constant(x, tf.float32), tf.constant(y, tf.float32)
    np.testing.assert_allclose(energy.encode(x), z, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(energy([x, y]), expected, rtol=1e-4, atol=1e-5)


def test_energy_without_hidden_layers_is_linear_in_its_input():
    energy = built(MLPEnergy(hidden_units=5, hidden_layers=0, global_units=3), 6, 4)
    shapes = [tuple(weight.shape) for weight in energy.get_weights()]
    assert shapes == [(6, 4), (4,), (4, 3), (3, 1)]


def test_energy_penalty_is_half_the_squared_norm_of_the_kernels():
    energy = built(MLPEnergy(hidden_units=5, hidden_layers=2, global_units=3, l2=0.3), 6, 4)
    kernels = [np.float64(w) for w in energy.get_weights() if w.ndim == 2]
    assert len(kernels) == 5
    expected = 0.3 * 0.5 * sum(np.sum(kernel**2) for kernel in kernels)
    assert float(penalty(energy)) == pytest.approx(expected, rel=1e-5)
    assert penalty(built(MLPEnergy(), 6, 4)) is None


def test_input_gain_scales_the_first_kernel_alone():
    weights = []
    for gain in (1.0, 0.25):
        keras.utils.set_random_seed(3)
        energy = MLPEnergy(hidden_units=5, hidden_layers=2, input_gain=gain)
        energy([tf.zeros((1, 6)), tf.zeros((1, 4))])
        weights.append(energy.get_weights())
    np.testing.assert_allclose(weights[1][0], 0.25 * weights[0][0], rtol=1e-6)
    for plain, scaled in zip(weights[0][1:], weights[1][1:], strict=True):
        np.testing.assert_array_equal(plain, scaled)


def test_initial_kernels_are_he_normal():
    energy = MLPEnergy(hidden_units=300, hidden_layers=2, global_units=400)
    energy([tf.zeros((1, 100)), tf.zeros((1, 200))])
    kernels = [w for w in energy.get_weights() if w.ndim == 2 and w.shape[1] > 1]
    for kernel in kernels:
        assert kernel.std() == pytest.approx(np.sqrt(2 / len(kernel)), rel=0.03)


@pytest.mark.parametrize("hidden_layers", [0, 1, 3])
def test_mlp_is_the_formula_of_its_weights(random, hidden_layers):
    network = built(MLP(4, hidden_units=5, hidden_layers=hidden_layers, dropout=0.5), 6)
    x = random.randn(7, 6)
    weights = [np.float64(weight) for weight in network.get_weights()]
    assert len(weights) == 2 * (hidden_layers + 1)
    expected = x
    for layer in range(hidden_layers):
        expected = np.maximum(expected @ weights[2 * layer] + weights[2 * layer + 1], 0)
    expected = expected @ weights[-2] + weights[-1]
    found = network(tf.constant(x, tf.float32))
    assert found.shape == (7, 4)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_mlp_drops_hidden_units_in_training_only():
    network, x = built(MLP(4, hidden_units=50, dropout=0.5), 6), tf.ones((3, 6))
    np.testing.assert_array_equal(network(x), network(x))
    assert np.any(network(x, training=True) != network(x))


def test_mlp_output_bias_is_the_initial_logit():
    network = MLP(4, hidden_units=5, hidden_layers=2, output_bias=-3.5)
    np.testing.assert_array_equal(network(tf.zeros((2, 6))), np.full((2, 4), -3.5))


def test_mlp_penalty_is_half_the_squared_norm_of_the_kernels():
    network = built(MLP(4, hidden_units=5, hidden_layers=2, l2=0.3), 6)
    kernels = [np.float64(w) for w in network.get_weights() if w.ndim == 2]
    assert len(kernels) == 3
    expected = 0.3 * 0.5 * sum(np.sum(kernel**2) for kernel in kernels)
    assert float(penalty(network)) == pytest.approx(expected, rel=1e-5)
    assert penalty(built(MLP(4), 6)) is None


@pytest.mark.parametrize(
    ("make", "shapes"),
    [
        (lambda: MLPEnergy(hidden_units=5, hidden_layers=2, global_units=3), (6, 4)),
        (lambda: MLP(4, hidden_units=5, hidden_layers=2, dropout=0.5), (6,)),
    ],
    ids=["energy", "inference_network"],
)
def test_weights_survive_a_checkpoint(tmp_path, make, shapes):
    saved, other = built(make(), *shapes), make()
    path = tf.train.Checkpoint(network=saved).save(tmp_path / "weights")
    inputs = [tf.ones((1, shape)) for shape in shapes]
    other(inputs if len(inputs) > 1 else inputs[0])
    assert any(
        np.any(a != b) for a, b in zip(saved.get_weights(), other.get_weights(), strict=True)
    )
    status = tf.train.Checkpoint(network=other).restore(path)
    status.assert_existing_objects_matched().assert_consumed()
    for a, b in zip(saved.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
