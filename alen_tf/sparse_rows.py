"""Rows of mostly zeros: SciPy's CSR matrices outside of TensorFlow, `tf.SparseTensor` inside it."""

import math

import numpy as np
import tensorflow as tf
from scipy import sparse

# Numbers in rows, 128 MB, up to which a network takes them densely: at the size of Bibtex, steps on
# sparse rows take 1.8 times as long.
SMALL = 2**25


def compact(x):
    """Rows as networks take them: densely where that needs little memory.

    Args:
      x: [rows, features], an array, a SciPy matrix or a `tf.SparseTensor`.

    Returns:
      A float32 CSR matrix where `x` is sparse, less than half full, and has more than `SMALL`
      numbers; otherwise a float32 array.
    """
    x = as_array(x)
    if not sparse.issparse(x):
        return x.astype(np.float32, copy=False)
    x, size = sparse.csr_matrix(x, dtype=np.float32), math.prod(x.shape)
    return x if size > SMALL and x.count_nonzero() < 0.5 * size else x.toarray()


def as_csr(tensor):
    """The CSR matrix of a `tf.SparseTensor`, [rows, features]; entries of one place add up."""
    rows, columns = tensor.indices.numpy().T
    shape = tuple(tensor.dense_shape.numpy())
    return sparse.csr_matrix((tensor.values.numpy(), (rows, columns)), shape=shape)


def as_tensor(x):
    """The `tf.SparseTensor`, float32, of a SciPy matrix, [rows, features]; of an array a tensor."""
    if not sparse.issparse(x):
        return tf.constant(x)
    x = x.tocoo()
    indices = np.stack([x.row, x.col], axis=1).astype(np.int64)
    return tf.SparseTensor(indices, x.data.astype(np.float32), x.shape)


def spec(x):
    """The `TypeSpec` of any number of rows like those of `x`, [rows, ...], as `as_tensor` makes
    them."""
    shape = [None, *x.shape[1:]]
    return tf.SparseTensorSpec(shape) if sparse.issparse(x) else tf.TensorSpec(shape, x.dtype)


def as_array(x):
    """`x` as an array, [rows, ...]; a SciPy matrix or a `tf.SparseTensor` as CSR, whose rows can be
    sliced."""
    if isinstance(x, tf.SparseTensor):
        return as_csr(x)
    return x.tocsr() if sparse.issparse(x) else np.asarray(x)


def dense_rows(x):
    """Rows, [rows, ...], an array or a SciPy matrix, as an array."""
    return x.toarray() if sparse.issparse(x) else x


def stacked(parts):
    """Rows of several parts, arrays or SciPy matrices, one after the other."""
    if any(map(sparse.issparse, parts)):
        return sparse.vstack(parts, "csr")
    return np.concatenate(parts)


def gatherable(x):
    """Rows, [rows, ...], an array or a SciPy matrix, on the device, for `gather`."""
    return SparseRows(x) if sparse.issparse(x) else tf.constant(x)


def gather(rows, numbers):
    """The rows with these numbers, int32 [batch], of what `gatherable` returned."""
    return rows.gather(numbers) if isinstance(rows, SparseRows) else tf.gather(rows, numbers)


class SparseRows:
    """A CSR matrix on the device, from which a graph gathers rows."""

    def __init__(self, x):
        """Copies the matrix `x`, [rows, features], as float32."""
        x = x.tocsr()
        self._ends = tf.constant(x.indptr, tf.int64)
        self._columns = tf.constant(x.indices, tf.int64)
        self._values = tf.constant(x.data, tf.float32)
        self._features = x.shape[1]

    def gather(self, rows):
        """The `tf.SparseTensor` of rows with these numbers, int32 [batch], [batch, features]."""
        start = tf.gather(self._ends, rows)
        length = tf.gather(self._ends, rows + 1) - start
        # Entry k of the batch is entry k - (those of rows before) + start of the matrix.
        moved = tf.repeat(start - tf.cumsum(length, exclusive=True), length)
        entries = moved + tf.range(tf.size(moved, tf.int64))
        batch = tf.repeat(tf.range(tf.size(rows, tf.int64)), length)
        indices = tf.stack([batch, tf.gather(self._columns, entries)], axis=1)
        shape = [rows.shape[0], self._features]  # numbers, so that TensorFlow knows them
        return tf.SparseTensor(indices, tf.gather(self._values, entries), shape)
