import numpy as np
import pytest
import tensorflow as tf
from scipy import sparse
from sklearn.preprocessing import StandardScaler

from alen_tf.networks.standardization import Standardization
from alen_tf.sparse_rows import as_tensor


def adapted(x):
    layer = Standardization()
    layer.build((None, *x.shape[1:]))
    layer.adapt(x)
    return layer


@pytest.mark.parametrize("kind", [np.uint8, np.int64, np.float32, np.float64])
def test_is_scikit_learns(random, kind):
    x = (random.rand(50, 6) * [1, 10, 100, 200, 5, 250]).astype(kind)
    x[:, 2] = 7  # constant
    x[:, 4] = 0
    expected = StandardScaler().fit(x.astype(np.float64)).transform(x.astype(np.float64))
    found = adapted(x)(tf.constant(x)).numpy()
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(found[:, [2, 4]], 0)


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1e12])
def test_scale_and_offset_do_not_matter(random, scale):
    x = random.randn(50, 3) * scale
    x[:, 2] = 0.1 * scale  # constant, up to rounding
    expected = StandardScaler().fit_transform(x[:, :2])
    found = adapted(x)(tf.constant(x, tf.float32)).numpy()
    np.testing.assert_allclose(found[:, :2], expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(found[:, 2], 0, atol=scale * 1e-6)


def test_other_examples_use_the_training_statistics():
    train = np.array([[0.0, 3.0], [4.0, 3.0]])  # mean (2, 3), deviation (2, none)
    found = adapted(train)(tf.constant([[6.0, 5.0]]))
    np.testing.assert_array_equal(found, [[2.0, 2.0]])


def test_features_are_the_last_axis(random):
    images = random.rand(10, 4, 5, 3) * [1, 50, 200]
    found = adapted(images)(tf.constant(images, tf.float32)).numpy().reshape(-1, 3)
    expected = StandardScaler().fit_transform(images.reshape(-1, 3))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_does_nothing_before_it_is_adapted(random):
    x = random.randn(3, 4).astype(np.float32)
    np.testing.assert_array_equal(Standardization()(tf.constant(x)), x)


def test_statistics_are_no_weights_to_learn_but_are_saved(tmp_path, random):
    layer = adapted(random.rand(20, 3) * 9)
    assert layer.trainable_variables == []
    path = tf.train.Checkpoint(layer=layer).save(tmp_path / "statistics")
    other = Standardization()
    other.build((None, 3))
    tf.train.Checkpoint(layer=other).restore(path).assert_existing_objects_matched()
    np.testing.assert_array_equal(other.mean, layer.mean)
    np.testing.assert_array_equal(other.deviation, layer.deviation)
    assert np.all(other.deviation != 1)


def test_sparse_rows_are_scaled_but_not_centred(random):
    x = random.randn(50, 6) * np.arange(6) * (random.rand(50, 6) < 0.3)  # column 0 is zero
    rows = sparse.csr_array(np.float32(x))
    layer = Standardization()
    layer.adapt(rows)
    assert layer.keeps_zeros
    deviation = np.where(np.arange(6) == 0, 1.0, x.std(axis=0))
    found = tf.sparse.to_dense(layer(as_tensor(rows)))
    np.testing.assert_allclose(found, x / deviation, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(layer(np.float32(x)), x / deviation, rtol=1e-4, atol=1e-6)
    layer.adapt(np.float32(1.0 + x))
    assert not layer.keeps_zeros
    dense = layer(np.float32(x))
    found = tf.function(layer)(as_tensor(rows))  # of statistics that fill sparse rows
    np.testing.assert_allclose(found, dense, rtol=1e-5, atol=1e-6)
    layer.adapt(rows)
    assert layer.keeps_zeros


def test_sparse_deviations_are_those_of_dense_rows():
    """Also where squares leave single precision, or are much larger than the variance."""
    x = np.zeros((400, 3), np.float32)
    x[:50, 0], x[::2, 1], x[1::2, 1], x[:100, 2] = 1e20, 2000.0, 2000.6, -7.0
    layer = Standardization()
    layer.adapt(sparse.csr_array(x))
    np.testing.assert_allclose(layer.deviation, x.std(axis=0, dtype=np.float64), rtol=1e-4)


def test_sparse_counts_stay_as_they_are(random):
    words = sparse.csr_array(np.float32(random.poisson(0.2, size=(20, 10))))
    layer = Standardization()
    layer.adapt(words)
    found = tf.sparse.to_dense(layer(as_tensor(words)))
    np.testing.assert_allclose(found, words.toarray(), rtol=1e-6)
