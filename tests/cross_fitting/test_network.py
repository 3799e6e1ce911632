import pickle

import numpy as np
import pytest
from scipy import sparse

from alen_tf import sparse_rows
from alen_tf.cross_fitting import network
from alen_tf.networks.mlp import MLP
from alen_tf.networks.standardization import is_counts


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(network, "STEPS", (300, 300))


def test_rows_are_predicted_by_who_has_not_seen_them(random):
    """On labels that nothing tells, a network that learns by heart is right of its rows alone."""
    x, y = random.randn(60, 40), np.uint8(random.rand(60, 2) < 0.5)
    fold = np.arange(60) % 3
    found, fitted = network.out_of_fold(MLP(hidden_units=64), x, y, fold, seed=0)
    assert np.mean((fitted(x) >= 0.5) == y) > 0.95
    assert np.mean((found >= 0.5) == y) < 0.7


def test_a_network_learns_repeats_itself_and_is_pickled(random):
    x = random.randn(120, 4)
    y = np.uint8(x[:, :2] > 0)
    fold = np.arange(120) % 2
    given = MLP(hidden_units=32)
    found, fitted = network.out_of_fold(given, x, y, fold, seed=1)
    assert np.mean((found >= 0.5) == y) > 0.8
    assert not given.built
    again, _ = network.out_of_fold(given, x, y, fold, seed=1)
    np.testing.assert_array_equal(again, found)
    loaded = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(loaded(x), fitted(x))
    np.testing.assert_array_equal(fitted(sparse.csr_array(x)), fitted(x))


def test_counts_are_not_standardised(random):
    words = random.poisson(0.2, size=(20, 10))
    for rows in (words, sparse.csr_array(words)):
        assert is_counts(rows)
        assert not is_counts(-rows)
    assert not is_counts(random.rand(20, 10))


def test_large_rows_stay_sparse(random, monkeypatch):
    """Nothing makes them dense, and they tell as much as dense ones."""
    x = np.float32(random.poisson(0.2, size=(200, 30)))
    y, fold = np.uint8(x[:, :2] > 0), np.arange(200) % 2
    dense, of_dense = network.out_of_fold(MLP(hidden_units=32), x, y, fold, seed=1)
    monkeypatch.setattr(sparse_rows, "SMALL", 100)
    rows = sparse.csr_matrix(x)
    monkeypatch.setattr(sparse.csr_matrix, "toarray", lambda rows: pytest.fail("made dense"))
    found, fitted = network.out_of_fold(MLP(hidden_units=32), rows, y, fold, seed=1)
    np.testing.assert_allclose(found, dense, atol=1e-4)  # no dropout, which draws otherwise
    np.testing.assert_allclose(fitted(rows), of_dense(x), atol=1e-4)
