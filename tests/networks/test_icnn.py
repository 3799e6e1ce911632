import keras
import numpy as np
import pytest
import tensorflow as tf

from alen_tf.networks.icnn import ICNN

FEATURES, LABELS, EXAMPLES = 5, 6, 200


@pytest.fixture(params=[(8,), (8, 4)])
def energy(request):
    keras.utils.set_random_seed(0)
    energy = ICNN(hidden_units=7, convex_units=request.param)
    energy([tf.zeros((1, FEATURES)), tf.zeros((1, LABELS))])
    return energy


def train_on_noise(energy, steps):
    """Steps that want negative weights: the constraint has to work for its living."""
    rng = np.random.default_rng(0)
    optimizer = keras.optimizers.Adam(0.03)
    optimizer.build(energy.trainable_variables)
    for _ in range(steps):
        x = tf.constant(rng.normal(size=(20, FEATURES)), tf.float32)
        y = tf.constant(rng.uniform(size=(20, LABELS)), tf.float32)
        convex = tf.reduce_sum(tf.square(y), axis=1) + tf.constant(rng.normal(size=20), tf.float32)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(energy([x, y]) - convex))
        optimizer.apply(tape.gradient(loss, energy.trainable_variables))


@pytest.mark.parametrize("steps", [0, 30])
def test_the_score_is_concave_in_y(energy, steps):
    train_on_noise(energy, steps)
    rng = np.random.default_rng(1)
    x = tf.constant(rng.normal(size=(EXAMPLES, FEATURES)), tf.float32)
    y1, y2 = (tf.constant(rng.uniform(size=(EXAMPLES, LABELS)), tf.float32) for _ in range(2))
    s1, s2, middle = (energy([x, y]).numpy() for y in (y1, y2, (y1 + y2) / 2))
    surplus = middle - (s1 + s2) / 2
    assert np.all(surplus > -1e-5)
    assert np.max(surplus) > 1e-4  # and not linear


def test_steps_would_have_left_the_constraint(energy):
    before = [weights.kernel.numpy() for weights in energy.h_weights]
    train_on_noise(energy, 30)
    for kernel, weights in zip(before, energy.h_weights, strict=True):
        assert np.all(kernel >= 0)
        assert np.all(weights.kernel.numpy() >= 0)
    assert any(np.any(weights.kernel.numpy() == 0) for weights in energy.h_weights)


def test_score_is_the_network_written_out(energy):
    rng = np.random.default_rng(2)
    x = rng.normal(size=(3, FEATURES)).astype(np.float32)
    y = rng.uniform(size=(3, LABELS)).astype(np.float32)

    def dense(layer, inputs):
        return inputs @ layer.kernel.numpy() + (layer.bias.numpy() if layer.use_bias else 0)

    u = np.logaddexp(0, dense(energy.features[0], x))
    h = None
    for k in range(len(energy.y_weights)):
        layer = dense(energy.y_weights[k], y * dense(energy.y_gates[k], u))
        layer += dense(energy.offsets[k], u)
        if k > 0:
            gate = np.logaddexp(0, dense(energy.h_gates[k - 1], u))
            layer += dense(energy.h_weights[k - 1], h * gate)
        h = np.logaddexp(0, layer)
    np.testing.assert_allclose(energy([x, y]), -layer[:, 0], rtol=1e-4, atol=1e-5)
