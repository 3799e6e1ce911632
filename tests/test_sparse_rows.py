import numpy as np
import pytest
import tensorflow as tf
from scipy import sparse

from alen_tf import sparse_rows


@pytest.fixture
def rows(random):
    found = random.randn(30, 12) * (random.rand(30, 12) < 0.2)
    found[7] = 0
    return sparse.csr_matrix(found, dtype=np.float32)


def test_large_rows_take_the_form_that_is_smaller(rows, monkeypatch):
    assert isinstance(sparse_rows.compact(rows), np.ndarray)
    monkeypatch.setattr(sparse_rows, "SMALL", 100)
    assert sparse.issparse(sparse_rows.compact(rows.astype(np.float64).tocoo()))
    assert sparse_rows.compact(rows).dtype == np.float32
    full = sparse_rows.compact(sparse.csr_array(1.0 + rows.toarray()))
    assert isinstance(full, np.ndarray)
    np.testing.assert_array_equal(full, 1.0 + rows.toarray())
    assert isinstance(sparse_rows.compact([[0, 1], [0, 0]]), np.ndarray)


def test_there_and_back(rows):
    tensor = sparse_rows.as_tensor(rows)
    np.testing.assert_array_equal(tf.sparse.to_dense(tensor), rows.toarray())
    np.testing.assert_array_equal(sparse_rows.as_csr(tensor).toarray(), rows.toarray())
    assert sparse_rows.spec(rows).shape.as_list() == [None, 12]


def test_gathered_rows_are_those_of_the_matrix(rows):
    numbers = np.array([7, 3, 29, 3, 0, 7], np.int32)
    gathered = tf.function(sparse_rows.SparseRows(rows).gather)(tf.constant(numbers))
    np.testing.assert_array_equal(tf.sparse.to_dense(gathered), rows.toarray()[numbers])
    assert gathered.shape == (6, 12)


def test_parts_are_stacked(rows):
    stacked = sparse_rows.stacked([rows, rows[:2].toarray()])
    assert sparse.issparse(stacked)
    np.testing.assert_array_equal(stacked.toarray()[30:], rows.toarray()[:2])
    assert sparse_rows.stacked([rows.toarray()] * 2).shape == (60, 12)
