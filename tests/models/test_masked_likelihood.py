"""Maximum likelihood of labels given any others."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from alen_tf.models.masked_likelihood import MaskedLikelihood
from alen_tf.networks.conditionals import Conditionals
from alen_tf.networks.sampled_oracle import SampledOracle
from tests.steps import step

from . import by_hand

NAN = np.nan


def make(labels, optimizer, samples=50):
    keras.utils.set_random_seed(0)
    model = MaskedLikelihood(
        SampledOracle(Conditionals(8, dropout=0.0), samples),
        keras.Sequential([keras.layers.Identity()]),
        seed=2,
    )
    model.build((None, labels), (None, labels))
    model.compile(energy_optimizer=optimizer)
    return model


def test_the_loss_is_that_of_unknown_labels_as_if_they_were_all(random):
    model = make(5, keras.optimizers.SGD(0.0))
    for weight in model.energy.weights:
        weight.assign(0.5 * random.randn(*weight.shape))
    logits, y = np.float32(random.randn(40, 5)), np.float32(random.rand(40, 5) < 0.4)
    known = model.known_at_random(tf.constant(y), model.seed_of_step(model.optimizers["energy"]))
    found = np.float64(model.energy.conditionals(logits, known))
    unknown = np.isnan(known)
    losses = unknown * (np.logaddexp(0, found) - y * found)
    expected = 5 * losses.sum(axis=1) / np.maximum(unknown.sum(axis=1), 1)
    likelihood = float(step(model, logits, y)["energy_loss/likelihood"])
    assert likelihood == pytest.approx(expected.mean(), rel=1e-4)


def test_missing_labels_are_never_known_and_do_not_count(random):
    model = make(5, keras.optimizers.SGD(0.0))
    logits, y = np.float32(random.randn(40, 5)), np.float32(random.rand(40, 5) < 0.4)
    y[:, 2] = np.nan
    y[7] = np.nan
    known = model.known_at_random(tf.constant(y), model.seed_of_step(model.optimizers["energy"]))
    unknown = np.isnan(known) & ~np.isnan(y)
    losses = np.where(unknown, np.logaddexp(0, logits) - y * logits, 0.0)
    expected = 4 * losses.sum(axis=1) / np.maximum(unknown.sum(axis=1), 1)
    scalars = step(model, logits, y)
    assert float(scalars["energy_loss/likelihood"]) == pytest.approx(expected.mean(), rel=1e-4)
    assert np.isfinite(float(scalars["gradient_norm/energy"]))


def test_every_number_of_known_labels_is_as_likely(random):
    model = make(3, keras.optimizers.SGD(0.0))
    y = np.float32(random.rand(8000, 3) < 0.4)
    known = model.known_at_random(tf.constant(y), tf.constant([1, 2])).numpy()
    counts = np.bincount((~np.isnan(known)).sum(axis=1))
    np.testing.assert_allclose(counts, 2000, atol=4 * np.sqrt(2000))
    np.testing.assert_array_equal(known[~np.isnan(known)], y[~np.isnan(known)])


@pytest.fixture(scope="module")
def trained():
    """On labels of which the second is the first's, the third its opposite, by x undecided."""
    random = np.random.RandomState(0)
    first = random.rand(512, 1) < 0.5
    y = np.float32(np.hstack([first, first, ~first]))
    logits = np.zeros((512, 3), np.float32)
    model = make(3, keras.optimizers.Adam(0.03))
    model.fit(logits, y, epochs=40, batch_size=64, verbose=0)
    return model


def test_it_learns_how_labels_depend(trained):
    logits = np.zeros((3, 3), np.float32)
    known = np.float32([[NAN, NAN, NAN], [1, NAN, NAN], [NAN, NAN, 1]])
    found = trained.marginals(logits, known)
    np.testing.assert_allclose(found[0], 0.5, atol=0.1)
    np.testing.assert_allclose(found[1], [1, 1, 0], atol=0.1)
    np.testing.assert_allclose(found[2], [0, 0, 1], atol=0.1)
    np.testing.assert_array_equal(found[1, 0], 1)


def test_refinement_finds_the_set_that_independent_labels_hide(trained):
    """Under independence all labels are alike."""
    logits = np.zeros((1, 3), np.float32)
    found = trained.refine(logits)[-1] >= 0.5
    sets = np.float32([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)])
    values = trained.value(np.zeros((8, 3), np.float32), sets)
    truths = np.float32([[1, 1, 0], [0, 0, 1]])
    expected = np.mean([by_hand.f1(sets, np.tile(truth, (8, 1))) for truth in truths], axis=0)
    np.testing.assert_allclose(values, expected, atol=0.1)
    best = sets[np.argmax(values)]
    np.testing.assert_array_equal(found[0], best)


def test_known_labels_decide_the_rest(trained):
    logits, known = np.zeros((2, 3), np.float32), np.float32([[1, NAN, NAN], [0, NAN, NAN]])
    path = trained.refine(logits, known=known)
    np.testing.assert_array_equal(path[-1] >= 0.5, [[1, 1, 0], [0, 0, 1]])
    np.testing.assert_array_equal(path[:, :, 0], np.tile([1, 0], (len(path), 1)))
    values = trained.value(logits, np.float32(path[-1] >= 0.5), known)
    assert values.min() > 0.9 > trained.value(logits, np.float32(path[-1] >= 0.5)).max()


def test_a_saved_model_is_the_same(trained, tmp_path):
    trained.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    logits = np.float32([[0.3, -0.2, 0.1], [1.0, 0.0, -1.0]])
    np.testing.assert_array_equal(loaded.refine(logits), trained.refine(logits))
