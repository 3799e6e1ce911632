import numpy as np
import pytest
import tensorflow as tf
from scipy import sparse

from alen_tf.networks.dropout import Dropout
from alen_tf.networks.mlp import MLP, MLPEnergy
from alen_tf.sparse_rows import as_tensor


@pytest.fixture
def rows(random):
    found = random.randn(9, 40) * (random.rand(9, 40) < 0.1)
    found[4] = 0
    return sparse.csr_matrix(found, dtype=np.float32)


@pytest.mark.parametrize("layers", [0, 1, 2])
def test_g_is_the_same_on_sparse_rows(rows, layers):
    g = MLP(outputs=5, hidden_units=7, hidden_layers=layers, output_bias=0.3)
    dense = g(tf.constant(rows.toarray()))
    assert np.std(dense) > 0
    np.testing.assert_allclose(g(as_tensor(rows)), dense, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("layers", [0, 1, 2])
def test_an_energy_and_its_gradients_are_the_same_on_sparse_rows(rows, random, layers):
    energy = MLPEnergy(hidden_units=7, hidden_layers=layers, global_units=3)
    y = tf.constant(random.rand(9, 5), tf.float32)
    found = []
    for x in (tf.constant(rows.toarray()), as_tensor(rows)):
        energy([tf.zeros((1, 40)), tf.zeros((1, 5))])
        with tf.GradientTape() as tape:
            tape.watch(y)
            score = energy([x, y], training=True)
        weights = [each.value for each in energy.trainable_variables]
        found.append([score, *map(tf.convert_to_tensor, tape.gradient(score, [y, *weights]))])
    for dense, of_sparse in zip(*found, strict=True):
        assert np.any(dense)
        np.testing.assert_allclose(of_sparse, dense, rtol=1e-4, atol=1e-6)


def test_no_layer_makes_a_batch_dense(rows):
    g = MLP(outputs=5, hidden_units=7, dropout=0.5, input_dropout=0.2)
    g(tf.zeros((1, 40)))

    def shapes(x):
        graph = tf.function(lambda x: g(x, training=True)).get_concrete_function(x).graph
        return [out.shape.as_list() for op in graph.get_operations() for out in op.outputs]

    assert [9, 40] in shapes(tf.constant(rows.toarray()))
    assert [9, 40] not in shapes(as_tensor(rows))


def test_dropout_of_sparse_rows_drops_stored_numbers():
    rows = as_tensor(sparse.csr_array(np.ones((200, 50), np.float32)))
    layer = Dropout(0.2, seed=0)
    dropped = layer(rows, training=True).values.numpy()
    assert np.mean(dropped == 0) == pytest.approx(0.2, abs=0.02)
    assert dropped[dropped > 0] == pytest.approx(1 / 0.8)
    np.testing.assert_array_equal(layer(rows, training=False).values, rows.values)
