import keras
import numpy as np
import pytest
import tensorflow as tf

from alen_tf.models.equal_batches import are_arrays, equal_batches


@pytest.mark.parametrize(("rows", "size", "count"), [(10, 4, 3), (12, 4, 3), (3, 4, 1), (4, 1, 4)])
def test_every_row_is_seen_in_batches_of_one_size(rows, size, count):
    x = {"a": np.arange(rows, dtype=np.float64), "b": np.arange(2 * rows).reshape(rows, 2)}
    batches = equal_batches((x, -np.arange(rows)), size)
    assert len(batches) == count
    size = min(size, rows)
    assert batches.element_spec[0]["a"] == tf.TensorSpec([size], tf.float32)
    orders = []
    for _ in range(2):
        seen = [(x["a"].numpy(), x["b"].numpy(), y.numpy()) for x, y in batches]
        a, b, y = map(np.concatenate, zip(*seen, strict=True))
        assert set(a[:rows]) == set(range(rows))
        assert len(a) == count * size
        np.testing.assert_array_equal(b, np.stack([2 * a, 2 * a + 1], axis=1))
        np.testing.assert_array_equal(y, -a)
        orders.append(list(a))
    assert rows < 10 or orders[0] != orders[1]


def test_rows_that_fill_the_last_batch_change():
    batches = equal_batches(np.arange(20), 19)
    assert len({tuple(list(batches)[1].numpy()[1:]) for _ in range(5)}) == 5


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "uint8", "bool"])
def test_numbers_are_of_the_type_that_keras_gives_them(dtype):
    array = np.ones((4, 2), dtype)
    keras_own = keras.Sequential([keras.layers.Identity(dtype="float32")])
    seen = []
    keras_own.predict_step = lambda data: seen.append(data[0].dtype) or tf.zeros(4)
    keras_own.predict(array, verbose=0)
    for each in (array, tf.constant(array)):
        assert equal_batches(each, 2).element_spec.dtype == seen[0]


def test_what_keras_reads_itself():
    assert are_arrays(({"x": np.zeros(3)}, tf.zeros(3)))
    assert not are_arrays((np.zeros(3), [0, 1, 0]))
