"""Sparse rows in every kind of training: the numbers of dense rows, without dense rows."""

import tracemalloc

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import sparse

from alen_tf.datasets.splits import Examples
from alen_tf.errors import ConfigError
from alen_tf.inference.ascent import GradientAscent
from alen_tf.models.alen import ALEN
from alen_tf.networks.mlp import MLP, MLPEnergy
from alen_tf.sparse_rows import as_tensor
from alen_tf.training.loop import Batches, Loop

ROWS, FEATURES, LABELS = 40, 30, 4


def words(rows=ROWS, features=FEATURES, share=0.1):
    found = sparse.random(rows, features, share, "csr", np.float32, random_state=0)
    found.data[:] = 1.0
    return found


def truth(rows=ROWS):
    return np.uint8(np.random.RandomState(1).rand(rows, LABELS) < 0.4)


def model(**settings):
    keras.utils.set_random_seed(0)
    ascent = GradientAscent(steps=2, step_size=0.1)
    made = ALEN(
        MLPEnergy(hidden_units=8), MLP(hidden_units=8), refinement=ascent, seed=0, **settings
    )
    made.compile(energy_optimizer="adam", inference_optimizer="adam")
    return made


def test_the_loop_ends_at_the_weights_of_dense_rows():
    weights = []
    for x in (words(), words().toarray()):
        made = model()
        made.build(x.shape, (ROWS, LABELS))
        start = [each.numpy() for each in made.network_state]
        loop = Loop(made, Batches(Examples(x, truth()), 10, seed=0))
        loop.epoch(0)
        weights.append([each.numpy() for each in made.network_state])
    for before, of_sparse, of_dense in zip(start, *weights, strict=True):
        np.testing.assert_allclose(of_sparse, of_dense, rtol=1e-3, atol=1e-5)
        assert before.ndim < 2 or np.any(of_sparse != before)


def test_fit_and_predict_take_a_data_set_of_sparse_rows():
    examples = tf.data.Dataset.from_tensor_slices((as_tensor(words()), truth())).batch(10)
    made = model()
    logs = made.fit(examples, epochs=2, validation_data=examples, verbose=0).history
    assert np.isfinite(logs["energy_loss"]).all()
    assert 0 < logs["val_f1"][-1] <= 1
    found = made.predict(examples.map(lambda x, y: x), verbose=0)
    np.testing.assert_allclose(found, made.refine(words().toarray())[-1], atol=1e-5)
    np.testing.assert_allclose(found, made.refine(words())[-1], atol=1e-5)
    values = made.value(words(), truth())
    np.testing.assert_allclose(values, made.value(words().toarray(), truth()), rtol=1e-4)


def test_known_outputs_need_dense_rows():
    made = model(known_fraction=0.5)
    made.build((None, FEATURES), (None, LABELS))
    with pytest.raises(ConfigError, match="leave out known_fraction, or pass dense inputs"):
        made.refine(words())


@pytest.mark.slow
def test_nothing_is_as_large_as_dense_rows():
    """Three thousand rows of 200,000 words: dense, 2.4 GB."""
    x, rows, features = words(3000, 200_000, 1e-4), 3000, 200_000
    tracemalloc.start()
    try:
        made = model()
        made.build(x.shape, (rows, LABELS))
        loop = Loop(made, Batches(Examples(x, truth(rows)), 1000, seed=0))
        loop.epoch(0)
        found = made.refine(x)[-1]
        largest = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found.shape == (rows, LABELS)
    assert largest < rows * features  # a quarter of it, in bytes


def test_no_tensor_of_a_step_is_as_large_as_a_dense_batch():
    made, size = model(), 10
    made.build((ROWS, FEATURES), (ROWS, LABELS))

    def shapes(x):
        batches = Batches(Examples(x, truth()), size, seed=0)
        step = tf.function(lambda: made.update(batches(0, batches.order(0), 0)), autograph=False)
        operations = step.get_concrete_function().graph.get_operations()
        return [tuple(out.shape) for op in operations for out in op.outputs if out.shape.rank]

    assert (size, FEATURES) in shapes(words().toarray())
    assert (size, FEATURES) not in shapes(words())
