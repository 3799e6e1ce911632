"""Outputs that are missing, NaN in y: what is known decides, in losses, oracle values and logs."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import alen_tf
from alen_tf.errors import DataError
from alen_tf.models.batch import Batch
from alen_tf.networks.mlp import MLP, MLPEnergy
from alen_tf.networks.unet import UNet, UNetEnergy

from . import by_hand
from .networks import rows

NAN = np.nan


def alen():
    keras.utils.set_random_seed(0)
    refinement = alen_tf.GradientAscent(2, 0.3)
    return alen_tf.ALEN(MLPEnergy(hidden_units=6), MLP(hidden_units=6), refinement=refinement)


def feed_forward():
    keras.utils.set_random_seed(0)
    return alen_tf.FeedForward(MLP(hidden_units=6))


METHODS = pytest.mark.parametrize("make", [alen, feed_forward])


def partial(y, seed=0, share=0.3):
    """Labels some of which are missing; of the third row all, of the fourth none."""
    missing = np.random.RandomState(seed).rand(*y.shape) < share
    missing[2], missing[3] = True, False
    return np.where(missing, NAN, y).astype(np.float32)


def stepped(make, x, y):
    """Logs and weights after one epoch of one batch."""
    model = make()
    model.compile("sgd", "sgd")
    logs = model.fit(x, y, batch_size=len(x), shuffle=False, verbose=0).history
    return {name: values[0] for name, values in logs.items()}, model.get_weights()


def assert_same(first, second):
    for found, expected in zip(first[1], second[1], strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)
    names = [name for name in second[0] if "loss" in name or name in ("f1", "oracle/refined")]
    assert len(names) > 2
    for name in names:
        assert first[0][name] == pytest.approx(second[0][name], rel=1e-5), name


@METHODS
def test_nothing_missing_changes_nothing(make):
    x, y = rows()
    assert_same(stepped(make, x, y.astype(np.float32)), stepped(make, x, y))


@METHODS
def test_a_row_of_which_nothing_is_known_has_no_say(make):
    x, y = rows(12)
    with_it = y.astype(np.float32)
    with_it[2] = NAN
    others = np.arange(12) != 2
    assert_same(stepped(make, x, with_it), stepped(make, x[others], y[others]))


def test_losses_and_oracle_values_are_of_what_is_known():
    x, y = rows(16)
    y = partial(y)
    model = alen()
    model.build(x.shape, y.shape)
    model.compile("sgd", "sgd")
    g, v = by_hand.weights_of(model.inference_network), by_hand.weights_of(model.energy)
    _, scalars = model.update(Batch.of((x, y)))
    known, some = ~np.isnan(y), ~np.isnan(y).all(axis=1)
    truth = np.where(known, y, 0)
    logits = by_hand.mlp(g, np.float64(x))
    proposed = by_hand.sigmoid(logits)
    h = by_hand.f1(known * proposed, truth)
    complete = np.where(known, y, proposed)

    def loss(y, h):
        errors = 0.5 * (by_hand.sigmoid(by_hand.score(v, np.float64(x), y)) - h) ** 2
        return errors[some].mean()

    expected = {
        "energy_loss/truth": loss(complete, 1.0),
        "energy_loss/inference_network": loss(proposed, h),
        "inference_loss/task": (known * (np.logaddexp(0, logits) - truth * logits))
        .sum(axis=1)[some]
        .mean(),
    }
    for name, number in expected.items():
        assert float(scalars[name]) == pytest.approx(number, rel=1e-4), name


@METHODS
def test_logs_are_of_what_is_known(make):
    (x, y), model = rows(40), make()
    y = partial(y)
    model.compile()
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(10)
    history = model.fit(data, validation_data=(x, y), verbose=0).history
    known, some = ~np.isnan(y), ~np.isnan(y).all(axis=1)
    found = (model.predict(x, verbose=0) >= 0.5) & known
    expected = by_hand.f1(found, np.where(known, y, 0))[some].mean()
    assert history["val_f1"][0] == pytest.approx(expected, abs=1e-6)
    assert model.evaluate(x, y, verbose=0, return_dict=True)["f1"] == pytest.approx(expected)
    assert np.isfinite([values for values in history.values()]).all()


@METHODS
def test_it_learns_from_what_is_known(make):
    x, y = rows(1000)
    model = make()
    model.compile("adam", keras.optimizers.Adam(0.03))
    model.fit(x, partial(y, share=0.5), epochs=8, verbose=0)
    found = model.predict(x, verbose=0) >= 0.5
    assert np.mean(found == y) > 0.85  # 0.69 are 0


@pytest.mark.slow
def test_pixels_of_masks(random):
    x = random.randn(6, 8, 8, 3).astype(np.float32)
    y = (random.rand(6, 8, 8, 1) < 0.4).astype(np.float32)
    y[:, :, 5:] = NAN
    y[1] = NAN
    keras.utils.set_random_seed(0)
    model = alen_tf.ALEN(
        UNetEnergy((4, 8), (4, 8), groups=4),
        UNet(filters=(4, 8)),
        oracle="soft_pixel_accuracy",
        refinement=alen_tf.GradientAscent(2, 1.0),
    )
    history = model.fit(x, y, epochs=2, batch_size=3, validation_data=(x, y), verbose=0).history
    assert np.isfinite([values for values in history.values()]).all()
    found, known = model.predict(x, verbose=0) >= 0.5, ~np.isnan(y)
    right = (found == np.where(known, y, 0))[known].mean()
    assert history["val_soft_pixel_accuracy"][-1] == pytest.approx(right, abs=1e-6)


# Mistakes.


def test_methods_that_cannot_leave_them_out():
    x, y = rows()
    model = alen_tf.SPEN(MLPEnergy())
    with pytest.raises(DataError, match=r"y\[\d+, \d\] is nan: ALEN, FeedForward") as caught:
        model.fit(x, partial(y), verbose=0)
    assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="the data set"):
        model.fit(tf.data.Dataset.from_tensor_slices((x, partial(y))).batch(8), verbose=0)
    history = model.fit(x, y, validation_data=(x, partial(y)), verbose=0).history
    assert 0 <= history["val_f1"][0] <= 1


def test_a_label_that_nobody_knows():
    x, y = rows()
    y = partial(y)
    y[:, 3] = NAN
    with pytest.raises(DataError, match=r"y\[:, 3\] is NaN in all examples"):
        alen().fit(x, y, verbose=0)


def test_infinity_is_no_missing_label():
    x, y = rows()
    y = partial(y)
    y[5, 1] = np.inf
    with pytest.raises(DataError, match=r"y\[5, 1\] is inf: a true output is outside"):
        alen().fit(x, y, verbose=0)


def test_fit_looks_for_missing_outputs_only_where_some_may_be():
    """Floats that bytes hold train as integers do: the same weights, and a `Batch` of bytes."""
    x, y = rows()
    seen, weights = [], []
    for given in (y.astype(np.uint8), y.astype(np.float32), partial(y)):
        model = alen()
        update = model.update
        model.update = lambda batch, update=update: seen.append(batch.counted) or update(batch)
        model.fit(x, given, epochs=1, verbose=0)
        weights.append(model.get_weights())
    whole, missing = seen[: len(seen) // 3 * 2], seen[-1]
    assert all(each is None for each in whole)
    assert missing is not None
    for first, second in zip(*weights[:2], strict=True):
        np.testing.assert_array_equal(first, second)
