"""Methods as Keras users train them: compile, fit, callbacks, evaluate."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import f1_score

import alen_tf
from alen_tf.datasets.splits import Examples
from alen_tf.errors import ConfigError, DataError
from alen_tf.models import optimizers
from alen_tf.models.batch import Batch
from alen_tf.networks.mlp import MLP, MLPEnergy
from alen_tf.training.loop import Batches, Loop

from .networks import FEATURES, LABELS, energy, inference_network, rows


def alen(**kwargs):
    keras.utils.set_random_seed(0)
    refinement = alen_tf.GradientAscent(steps=2, step_size=0.3)
    return alen_tf.ALEN(energy(), inference_network(), refinement=refinement, **kwargs)


def example_f1(y, y_true):
    return f1_score(y_true, y, average="samples", zero_division=1.0)


def test_logs_hold_the_losses_term_by_term_and_the_oracles_mean_value():
    model, (x, y) = alen(), rows()
    model.compile(metrics=[keras.metrics.BinaryAccuracy()])
    history = model.fit(x, y, validation_data=rows(20, 1), epochs=2, verbose=0).history
    for name in (
        *("energy_loss", "energy_loss/truth", "energy_loss/inference_network"),
        *("energy_loss/refined", "inference_loss/task", "inference_loss/adversarial"),
        *("f1", "val_f1", "binary_accuracy", "val_binary_accuracy"),
    ):
        assert len(history[name]) == 2, name
    refined = model.predict(rows(20, 1)[0], verbose=0)
    expected = example_f1(refined >= 0.5, rows(20, 1)[1])
    assert history["val_f1"][-1] == pytest.approx(expected, abs=1e-6)
    found = model.evaluate(*rows(20, 1), verbose=0, return_dict=True)
    assert found["f1"] == pytest.approx(expected, abs=1e-6)
    np.testing.assert_allclose(
        history["energy_loss"],
        np.sum([history[f"energy_loss/{t}"] for t in ("truth", "inference_network", "refined")], 0),
        rtol=1e-5,
    )


def test_logs_are_means_over_the_epoch():
    model, (x, y) = alen(), rows()
    still = keras.optimizers.SGD(0.0)
    model.compile(energy_optimizer=still, inference_optimizer="sgd")
    model.optimizers["inference_network"].learning_rate = 0.0
    found = model.fit(x, y, batch_size=16, shuffle=False, epochs=1, verbose=0).history
    parts = [model.update(Batch(x[k : k + 16], tf.cast(y[k : k + 16], tf.float32)))[1]
             for k in range(0, 64, 16)]  # fmt: skip
    for name in ("energy_loss/refined", "inference_loss", "value/truth"):
        mean = np.mean([float(scalars[name]) for scalars in parts])
        assert found[name][0] == pytest.approx(mean, rel=1e-5)


def test_both_drivers_reach_the_same_weights_from_the_same_batches():
    x, y = rows(48)

    def make():
        keras.utils.set_random_seed(3)
        model = alen_tf.ALEN(
            MLPEnergy(hidden_units=6, global_units=3, l2=0.1),
            MLP(hidden_units=6, dropout=0.3, l2=0.1),
            refinement=alen_tf.GradientAscent(2, 0.3),
            starts=alen_tf.TrainingStarts(zero_init_fraction=0.25, interpolate_fraction=0.5),
            random_iterate=True,
            seed=7,
        )
        model.build(x.shape, y.shape)
        model.compile(
            energy_optimizer=optimizers.sgd(12, 0.1, cosine=True),
            inference_optimizer=optimizers.adam(12, 0.01),
        )
        return model

    by_loop, by_fit = make(), make()
    batches = Batches(Examples(x, y), 12, seed=1)
    loop = Loop(by_loop, batches)
    data = []
    for epoch in range(3):
        loop.epoch(epoch)
        order = batches.order(epoch)
        data += [batches(epoch, order, step)[:2] for step in range(batches.per_epoch)]
    xs, ys = (tf.concat(each, axis=0) for each in zip(*data, strict=True))
    by_fit.fit(tf.data.Dataset.from_tensor_slices((xs, ys)).batch(12), verbose=0)
    for expected, found in zip(by_loop.network_state, by_fit.network_state, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert int(by_fit.optimizers["energy"].iterations) == 12


def test_callbacks_find_what_they_need(tmp_path):
    model, (x, y) = alen(), rows()
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.Adam(1e-3))
    callbacks = [
        keras.callbacks.EarlyStopping("val_f1", patience=1, min_delta=1.0),
        keras.callbacks.ModelCheckpoint(tmp_path / "best.keras", "val_f1", save_best_only=True),
        keras.callbacks.ReduceLROnPlateau("val_f1", factor=0.5, patience=0, min_delta=1.0),
        keras.callbacks.TensorBoard(tmp_path / "board"),
    ]
    history = model.fit(x, y, validation_data=(x, y), epochs=9, verbose=0, callbacks=callbacks)
    assert len(history.epoch) == 2  # no epoch is better than the first one by 1
    rates = [float(optimizer.learning_rate) for optimizer in model.optimizers.values()]
    np.testing.assert_allclose(rates, [0.05, 5e-4])  # both, by the same factor
    best = keras.saving.load_model(tmp_path / "best.keras")
    found = best.evaluate(x, y, verbose=0, return_dict=True)["f1"]
    assert found == pytest.approx(max(history.history["val_f1"]), abs=1e-6)
    assert list((tmp_path / "board").rglob("events*"))


def test_an_interrupted_fit_goes_on_where_it_stopped(tmp_path):
    x, y = rows()

    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    def fit(model, *callbacks):
        model.compile(keras.optimizers.SGD(0.1, momentum=0.9), keras.optimizers.Adam(1e-2))
        model.fit(x, y, epochs=4, shuffle=False, verbose=0, callbacks=callbacks)
        return model.get_weights()

    expected = fit(alen(seed=1))
    with pytest.raises(KeyboardInterrupt):
        fit(alen(seed=1), keras.callbacks.BackupAndRestore(tmp_path), Stop())
    keras.utils.set_random_seed(9)
    resumed = alen_tf.ALEN(
        energy(), inference_network(), refinement=alen_tf.GradientAscent(2, 0.3), seed=1
    )
    resumed.build(x.shape, y.shape)
    found = fit(resumed, keras.callbacks.BackupAndRestore(tmp_path))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_datasets_may_carry_folds_and_weights():
    class Folds(keras.Model):
        """Two members; each row is given to the one that has not learned from it."""

        def __init__(self):
            super().__init__()
            self.members = [keras.layers.Dense(LABELS) for _ in range(2)]

        def call(self, x, fold=None, training=False):
            first, second = (member(x) for member in self.members)
            if fold is None:
                return (first + second) / 2
            return keras.ops.where(keras.ops.equal(fold, 0)[:, None], first, second)

    x, y = rows()
    parts = {"x": x, "y": y, "fold": np.zeros(64, np.int32), "weight": np.ones(64, np.float32)}
    model = alen_tf.ALEN(energy(), Folds(), refinement=alen_tf.GradientAscent(2, 0.3))
    model.compile()
    model.build(x.shape, y.shape)
    before = model.inference_network.get_weights()
    model.fit(tf.data.Dataset.from_tensor_slices(parts).batch(16), verbose=0)
    after = model.inference_network.get_weights()
    assert np.any(after[0] != before[0])
    np.testing.assert_array_equal(after[2], before[2])  # of the member of the other fold
    with pytest.raises(DataError, match="a batch has no 'z'"):
        model.fit(tf.data.Dataset.from_tensor_slices(parts | {"z": x}).batch(16), verbose=0)


def test_an_energy_may_see_the_logits_in_place_of_x():
    class OnLogits(keras.Model):
        sees = "logits"

        def call(self, inputs):
            logits, y = inputs
            return keras.ops.sum(logits * y, axis=-1)

    x, y = rows(6)
    network = inference_network()
    model = alen_tf.ALEN(OnLogits(), network, lambda_g=5.0, task_weight=0.0)
    model.build(x.shape, y.shape)
    expected = tf.sigmoid(tf.reduce_sum(network(x) * y, axis=1))
    np.testing.assert_allclose(model.value(x, y), expected, rtol=1e-5)
    model.compile(inference_optimizer=keras.optimizers.SGD(1.0))
    with tf.GradientTape() as tape:
        logits = network(x)
        relaxed = tf.sigmoid(logits)
        score = tf.reduce_sum(tf.stop_gradient(logits) * relaxed, axis=1)
        loss = tf.reduce_mean(2.5 * (tf.sigmoid(score) - 1.0) ** 2)
    gradient = tape.gradient(loss, network.trainable_variables[0].value)
    before = network.get_weights()[0]
    model.update(Batch(x, tf.cast(y, tf.float32)))
    np.testing.assert_allclose(before - network.get_weights()[0], gradient, atol=1e-5)


def test_xla_compiles_the_whole_step():
    losses = {}
    for jit_compile in (False, True):
        model = alen(seed=1)
        model.compile("sgd", "sgd", jit_compile=jit_compile, steps_per_execution=2)
        losses[jit_compile] = model.fit(
            *rows(), epochs=2, shuffle=False, batch_size=16, verbose=0
        ).history["energy_loss"]
    np.testing.assert_allclose(losses[True], losses[False], rtol=1e-4)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_keras_mixed_precision(policy, tmp_path):
    keras.config.set_dtype_policy(policy)
    try:
        model, (x, y) = alen(), rows()
        losses = model.fit(x, y, epochs=2, verbose=0).history["energy_loss"]
        assert model.energy.layers[-1].compute_dtype == policy.removeprefix("mixed_")
        assert model.predict(x, verbose=0).dtype == np.float32
        assert np.all(np.isfinite(losses))
        model.save(tmp_path / "model.keras")
    finally:
        keras.config.set_dtype_policy("float32")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))


@pytest.mark.parametrize(("batch_size", "shuffle"), [(16, False), (64, True)])
def test_fit_on_two_devices_learns_what_one_does(two_replicas, batch_size, shuffle):
    x, y = rows()  # 64, whose order does not matter where they are one batch

    def fit():
        keras.utils.set_random_seed(0)
        model = alen_tf.ALEN(
            MLPEnergy(hidden_units=6, global_units=3),
            MLP(hidden_units=6),
            refinement=alen_tf.GradientAscent(2, 0.3),
            seed=1,
        )
        model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
        model.fit(x, y, epochs=1, batch_size=batch_size, shuffle=shuffle, verbose=0)
        return model

    one = fit()
    with two_replicas.scope():
        two = fit()
    for expected, found in zip(one.network_state, two.network_state, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_default_optimizers_learn():
    x, y = rows(200)
    model = alen()
    before = example_f1(model.predict(x, verbose=0) >= 0.5, y)
    model.fit(x, y, epochs=60, verbose=0)
    assert example_f1(model.predict(x, verbose=0) >= 0.5, y) > max(0.8, before)


class OneInput(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)

    def call(self, x):
        return self.dense(x)


def per_label():
    x, y = keras.Input((FEATURES,)), keras.Input((LABELS,))
    return keras.Model([x, y], keras.layers.Dense(LABELS)(keras.layers.Concatenate()([x, y])))


@pytest.mark.parametrize(
    ("make_energy", "make_network", "message"),
    [
        (OneInput, inference_network, r"energy \(OneInput\) cannot be called on \[x, y\] of shape"),
        (
            lambda: keras.Sequential([keras.Input((FEATURES,)), keras.layers.Dense(1)]),
            inference_network,
            r"energy \(Sequential\) does not depend on y",
        ),
        (lambda: energy, inference_network, r"energy is energy, not a keras.Model: pass what it"),
        (lambda: MLPEnergy, inference_network, r"energy is MLPEnergy, not a keras.Model"),
        (energy, lambda: MLP, r"inference_network is MLP, not a keras.Model"),
        (energy, lambda: MLP(outputs=4), r"gives shape \[batch, 4\], but outputs .* \[batch, 5\]"),
        (per_label, inference_network, r"energy gives shape \[batch, 5\] .*, not a score per"),
    ],
)
def test_parts_that_do_not_fit_are_named(make_energy, make_network, message):
    model = alen_tf.ALEN(make_energy(), make_network())
    with pytest.raises(ConfigError, match=message) as error:
        model.fit(*rows(), verbose=0)
    assert len(str(error.value).splitlines()) == 1


def test_inputs_that_do_not_fit_are_named():
    x, y = rows()
    with pytest.raises(ConfigError, match=r"energy .* of shape \[batch, 3\] and \[batch, 5\]"):
        alen().fit(x[:, :3], y, verbose=0)
    with pytest.raises(ConfigError, match=r"energy .* of shape \[batch, 8\] and \[batch, 2\]"):
        alen().fit(x, y[:, :2], verbose=0)
    with pytest.raises(DataError, match="training needs inputs x and true outputs y"):
        alen().fit(x, verbose=0)


@pytest.mark.parametrize("count", [63, 65])
def test_parts_of_other_lengths_are_named(count):
    x, y = rows()
    with pytest.raises(DataError, match=rf"^x has {count} examples, but y has 64$"):
        alen().fit(rows(count)[0], y)
    with pytest.raises(DataError, match=rf"^sample_weight has {count} examples, but y has 64$"):
        alen().fit(x, y, sample_weight=np.ones(count))


def test_outputs_that_are_not_binary_are_named():
    x, y = rows()
    y[3, 1] = 2
    with pytest.raises(DataError, match=r"y\[3, 1\] is 2: a true output is outside of \{0, 1\}"):
        alen().fit(x, y, verbose=0)
    with pytest.raises(DataError, match=r"validation y\[3, 1\] is 2"):
        alen().fit(*rows(), validation_data=(x, y), verbose=0)
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(16)
    with pytest.raises(DataError, match="the data set: a true output is outside of"):
        alen().fit(data, verbose=0)


def test_unknown_names_are_told():
    with pytest.raises(ConfigError, match="oracle 'f2' is unknown; expected one of class_iou, f1"):
        alen(oracle="f2")
    with pytest.raises(
        ConfigError, match="output space 'ball' is unknown; expected one of box, simplex"
    ):
        alen(output_space="ball")
    with pytest.raises(ConfigError, match="energy: Could not interpret optimizer"):
        alen().compile("nope")
