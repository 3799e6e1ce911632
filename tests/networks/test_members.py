"""Copies of a network that learn from all folds but one."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from alen_tf.errors import ConfigError
from alen_tf.inference import spaces
from alen_tf.models.batch import Batch
from alen_tf.models.feed_forward import FeedForward
from alen_tf.networks.members import Members
from alen_tf.networks.mlp import MLP


@pytest.fixture
def members():
    made = Members(MLP(outputs=3, hidden_units=4), folds=3)
    made.build((None, 5))
    return made


@pytest.fixture
def rows(random):
    x = tf.constant(random.randn(6, 5), tf.float32)
    y = tf.constant(random.rand(6, 3) < 0.5, tf.float32)
    return x, y, tf.constant([0, 1, 2, 0, 1, 2])


def test_rows_of_a_fold_get_the_copy_that_has_not_learned_from_them(members, rows):
    x, _, fold = rows
    found = members(x, fold=fold).numpy()
    for row, number in enumerate(fold.numpy()):
        expected = members.copies[number](x[row : row + 1])[0]
        np.testing.assert_allclose(found[row], expected, atol=1e-6)
    np.testing.assert_allclose(members(x), members.network(x))


def test_members_differ_at_the_start(members, rows):
    outputs = [member(rows[0]).numpy() for member in (members.network, *members.copies)]
    for number, output in enumerate(outputs):
        assert all(np.abs(output - other).max() > 1e-3 for other in outputs[:number])


def test_no_copy_learns_from_its_fold(members, rows):
    """The gradient of a row's loss on its own copy is zero, and the loss that of all others."""
    x, y, fold = rows
    space = spaces.get("box")
    for row, number in enumerate(fold.numpy()):
        one = slice(row, row + 1)
        with tf.GradientTape() as tape:
            loss = members.cross_entropy(space, x[one], y[one], fold[one])
        learning = [copy for k, copy in enumerate(members.copies) if k != number]
        expected = space.cross_entropy(members.network(x[one]), y[one]) + 1.5 * sum(
            space.cross_entropy(copy(x[one]), y[one]) for copy in learning
        )
        np.testing.assert_allclose(loss, expected, rtol=1e-5)
        weights = members.copies[number].trainable_variables
        gradients = tape.gradient(loss, [each.value for each in weights])
        assert all(g is None or not np.any(g.numpy()) for g in gradients)


def test_a_method_trains_all_of_them(rows):
    x, y, fold = rows
    model = FeedForward(Members(MLP(hidden_units=4), folds=3), seed=0)
    model.build(x.shape, y.shape)
    model.compile(inference_optimizer=keras.optimizers.SGD(0.1))
    before = [weights.numpy() for weights in model.inference_network.trainable_variables]
    relaxed, scalars = model.update(Batch(x, y, fold=fold))
    after = [weights.numpy() for weights in model.inference_network.trainable_variables]
    assert len(before) == 4 * 4
    assert all(np.any(a != b) for a, b in zip(after, before, strict=True))
    assert relaxed.shape == y.shape
    assert np.isfinite(scalars["inference_loss"])


def test_members_are_saved_and_loaded(rows, tmp_path):
    x, y, fold = rows
    functional = keras.Sequential([keras.layers.Input((5,)), keras.layers.Dense(3)])
    for network in (MLP(hidden_units=4), functional):
        model = FeedForward(Members(network, folds=3))
        model.build(x.shape, y.shape)
        model.save(tmp_path / "members.keras")
        loaded = keras.saving.load_model(tmp_path / "members.keras")
        np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
        found = loaded.logits(x, fold)
        np.testing.assert_array_equal(found, model.logits(x, fold))


def test_one_fold_is_refused():
    with pytest.raises(ConfigError, match=r"Members\.folds is 1"):
        Members(MLP(), folds=1)
