"""Numbers: ranges hold for all inputs, odd data sets train, and what is not finite is named."""

import re

import hypothesis
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from alen_tf import ALENClassifier
from alen_tf.datasets.splits import Examples
from alen_tf.errors import NonFiniteError
from alen_tf.inference.clamped import Clamped
from alen_tf.inference.spaces import Box, Simplex
from alen_tf.models.alen import ALEN
from alen_tf.objectives import metrics, oracles
from alen_tf.training import loop

from .conftest import DIGITS, EPOCHS, Training, assert_same, curves, some_slow, train_here

EXAMPLES = 200
SHAPES = array_shapes(min_dims=2, max_dims=4, max_side=5)
LARGE = st.floats(-(2.0**100), 2.0**100, width=32)
ANY = st.one_of(LARGE, st.sampled_from([0.0, -0.0, 1.0, np.float32(1e-45), np.float32(1e-38)]))
SPACES = [(Box(), False), (Box(), True), (Simplex(), False)]  # and whether labels are known


def bounded(test):
    """`test` on as many examples as are counted, the same ones every time."""
    return hypothesis.settings(max_examples=EXAMPLES, derandomize=True, deadline=None)(test)


def pair(data, elements):
    """Outputs with these elements and a truth, both [batch, ...]."""
    shape = data.draw(SHAPES)
    y = data.draw(arrays(np.float32, shape, elements=elements))
    y_true = data.draw(arrays(np.float32, shape, elements=st.sampled_from([0.0, 1.0])))
    return tf.constant(y), tf.constant(y_true)


@pytest.mark.promise("Numbers: oracle values are in [0, 1] for all inputs, and 1 only at the truth")
@pytest.mark.parametrize("oracle", [oracles.f1, oracles.iou, oracles.f1_cost])
def test_oracle_values_are_in_range(faults, oracle):
    @bounded
    @given(st.data())
    def check(data):
        y, y_true = pair(data, st.floats(0, 1, width=32))
        h = oracle(y, y_true).numpy()
        assert h.shape == y.shape[:1]
        assert np.all((h >= 0) & (h <= 1))
        best = 0.0 if oracle is oracles.f1_cost else 1.0
        np.testing.assert_array_equal(oracle(y_true, y_true).numpy(), best)
        opposite = oracle(1.0 - y_true, y_true).numpy()
        np.testing.assert_array_equal(opposite, 1.0 - best)

    check()
    faults(EXAMPLES)


@pytest.mark.promise("Numbers: F1 of any label sets, empty and full included, is in [0, 1]")
def test_scores_are_in_range(faults):
    @bounded
    @given(st.data())
    def check(data):
        shape = data.draw(array_shapes(min_dims=2, max_dims=2))
        y, y_true = (data.draw(arrays(bool, shape)) for _ in range(2))
        assert 0.0 <= metrics.example_f1(y, y_true) <= 1.0
        assert metrics.example_f1(y, y) == 1.0

    check()
    faults(EXAMPLES)


@pytest.mark.promise("Numbers: projections and relaxed outputs stay in the space for all inputs")
@pytest.mark.parametrize(("space", "known"), SPACES)
def test_spaces_hold(faults, space, known):
    @bounded
    @given(st.data())
    def check(data):
        y, y_true = pair(data, ANY)
        given_labels = None
        used = space
        if known:
            mask = data.draw(arrays(bool, tuple(y.shape)))
            given_labels = tf.where(mask, y_true, np.nan)
            used = Clamped(space, given_labels)
        for inside in (used.project(y), used.relax(y), used.start(y)):
            assert np.all((inside >= 0) & (inside <= 1))
            if isinstance(space, Simplex):
                np.testing.assert_allclose(tf.reduce_sum(inside, axis=-1), 1.0, atol=1e-5)
            np.testing.assert_allclose(used.project(inside), inside, atol=1e-6)
            if known:
                kept = np.where(np.isnan(given_labels), inside, given_labels)
                np.testing.assert_array_equal(inside, kept)
        assert np.all(np.isfinite(used.logits(used.project(y))))
        stays = used.tangent(used.project(y), y)
        tiny = 1e-3 * stays / (1.0 + tf.abs(stays))
        np.testing.assert_allclose(
            used.project(used.project(y) + tiny), used.project(y) + tiny, atol=2e-3
        )

    check()
    faults(EXAMPLES)


ODD = {
    "label sets mostly empty": (np.vstack([np.eye(3)] * 4 + [np.zeros((48, 3))]), None),
    "all-ones label sets": (np.ones((60, 3)), None),
    "one label": (np.arange(60)[:, None] % 2, None),
    "one label that is always there": (np.ones((60, 1)), None),
    "constant features": (np.arange(180).reshape(60, 3) % 2, np.full((60, 4), 7.0)),
    "one feature": (np.arange(180).reshape(60, 3) % 2, np.arange(60.0)[:, None]),
    "huge features": (np.arange(180).reshape(60, 3) % 2, 1e30 * np.arange(240.0).reshape(60, 4)),
    "tiny features": (np.arange(180).reshape(60, 3) % 2, 1e-30 * np.arange(240.0).reshape(60, 4)),
}


@pytest.mark.promise("Numbers: odd data sets train to finite values: empty, full, one, constant")
@pytest.mark.parametrize("case", ODD)
@pytest.mark.parametrize("batch_size", some_slow(1, 20))
def test_odd_data_sets(random, faults, case, batch_size):
    y, x = ODD[case]
    x = random.randn(60, 4) if x is None else x
    model = ALENClassifier(
        estimator=None, epochs=1, batch_size=batch_size, hidden_units=4, random_state=0
    )
    model.set_params(energy_hidden_units=4, global_units=2).fit(x, y)
    relaxed = model.predict_proba(x[:1])
    assert relaxed.shape == (1, y.shape[1])
    assert np.all((relaxed >= 0) & (relaxed <= 1))
    confidence = model.confidence(x)
    assert np.all((confidence >= 0) & (confidence <= 1))
    faults()


@pytest.mark.promise("Numbers: non-finite values stop training at once; the last state is kept")
@pytest.mark.parametrize("broken", ["MLP.output_bias", "energy/adam.learning_rate"])
def test_not_finite(tmp_path, faults, broken):
    training = Training(DIGITS.gin_file, (*DIGITS.params, f"{broken} = 1e38"))
    with pytest.raises(NonFiniteError) as error:
        train_here(tmp_path / "run", None, training)
    message = str(error.value).splitlines()[0]
    assert "not finite" in message
    assert f"last good checkpoint: {tmp_path / 'run' / 'checkpoints' / 'latest' / '0'}" in message
    assert not (tmp_path / "run" / "results.json").exists()
    faults()


@pytest.mark.promise("Numbers: a weight that is no longer finite is never saved")
def test_weights_that_break_are_not_saved(half, undisturbed, faults, monkeypatch):
    update = ALEN.update

    def overflowing(self, batch):
        y, scalars = update(self, batch)  # finite as yet
        weight = self.network_state[0]
        with tf.control_dependencies([*scalars.values()]):
            weight.assign(tf.fill(weight.shape, np.inf))
        return y, scalars

    monkeypatch.setattr(ALEN, "update", overflowing)
    with pytest.raises(
        NonFiniteError, match=r"^weights \(32x8\) not finite .*last good checkpoint"
    ):
        train_here(half)
    monkeypatch.undo()
    train_here(half)  # from what was saved
    assert_same(half, undisturbed())
    faults()


class Diverging:
    """A model one of whose scalars, or whose only weight, is not finite in one step of many."""

    def __init__(self, step, broken, value):
        self.count = tf.Variable(0)
        self.broken = step, broken, value
        self.network_state = [tf.Variable(1.0)]

    def drawn(self, batch):
        return batch

    def update(self, batch):
        self.count.assign_add(1)
        step, broken, value = self.broken
        number = tf.where(self.count == step, value, 1.0)
        if broken == "weights (scalar)":
            self.network_state[0].assign(number * self.network_state[0])
        names = ("energy_loss", "gradient_norm/energy", "value/refined")
        scalars = dict.fromkeys(names, tf.constant(1.0))
        if broken in names:
            scalars[broken] = number
        return batch.y, scalars


@pytest.mark.promise("Numbers: a loss, weight or logged scalar that is not finite is named")
@pytest.mark.parametrize(
    "broken", ["energy_loss", "gradient_norm/energy", "value/refined", "weights (scalar)"]
)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_step_of_many(faults, broken, value):
    examples = Examples(np.zeros((600, 1), np.float32), np.zeros((600, 1), np.uint8))
    batches = loop.Batches(examples, 1, seed=0)
    step = 300 // loop.LOG_EVERY * loop.LOG_EVERY + 1  # one that logs all scalars
    model = Diverging(step, broken, value)
    with pytest.raises(NonFiniteError, match=f"^{re.escape(broken)} not finite in epoch 1, steps"):
        loop.Loop(model, batches).epoch(0)
    assert model.count.numpy() <= 300 + loop.STEPS_PER_CALL
    faults()


def test_gradients_and_values_are_logged(undisturbed):
    tags = {tag for _, tag, _ in curves(undisturbed())}
    assert {"gradient_norm/energy", "value/refined", "energy_loss"} <= tags
    assert len([1 for part, tag, _ in curves(undisturbed()) if tag == "energy_loss"]) == EPOCHS
