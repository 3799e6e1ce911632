import contextlib

import keras
import numpy as np
import tensorflow as tf

from alen_tf.models.feed_forward import FeedForward
from alen_tf.models.optimizers import adam
from alen_tf.networks.mlp import MLP
from alen_tf.networks.standardization import Standardization
from alen_tf.serving import trained
from alen_tf.tasks.digits import DigitsCompletion
from alen_tf.training import config, trainer
from alen_tf.training.averaging import Average
from alen_tf.training.loop import Batches, Loop


def test_an_average_is_the_sum_of_weights_that_fade(random):
    steps = random.randn(4, 2, 3).astype(np.float32)
    weight, count = tf.Variable(steps[0]), tf.Variable(7)
    average = Average([weight, count])
    for epoch, step in enumerate(steps):
        weight.assign(step)
        average.update(epoch)
    # Of what is there, 2/11, 3/12 and 4/13 stay.
    shares = [2 / 11 / 4 * 4 / 13, 9 / 11 / 4 * 4 / 13, 3 / 4 * 4 / 13, 9 / 13]
    with average.taken():
        np.testing.assert_allclose(weight, np.tensordot(shares, steps, 1), rtol=1e-5)
        assert count.numpy() == 7
    np.testing.assert_array_equal(weight, steps[-1])


def test_weights_come_back_after_an_error():
    weight = tf.Variable(1.0)
    average = Average([weight])
    average.update(0)
    weight.assign(3.0)
    with contextlib.suppress(ZeroDivisionError), average.taken():
        raise ZeroDivisionError
    assert weight.numpy() == 3.0


def test_without_weights_there_is_no_average():
    weight = tf.Variable(1.0)
    average = Average(())
    average.update(0)
    weight.assign(3.0)
    with average.taken():
        assert weight.numpy() == 3.0
    assert not average.variables


class Fixed(keras.Model):
    """Logits without any weight."""

    def call(self, x):
        return 0.1 * x


def test_a_network_without_weights_is_its_own_average(tmp_path):
    def maker(**task):
        return FeedForward(Fixed(), **task)

    results = trainer.train(
        tmp_path / "run",
        task=DigitsCompletion(),
        model=maker,
        epochs=2,
        average=True,
        batch_size=400,
    )
    assert results["parameters"] == {"inference_network": 0}
    assert results["validation"]["refined"] > 0


def test_the_best_model_is_the_average_of_its_run(tmp_path):
    params = ("train.epochs = 3", "train.select_after = 1.0", "train.average = True")
    config.parse(["gin/digits/two_layer.gin"], (*params, "MLP.hidden_units = 8"))
    trainer.train(tmp_path / "run")
    _, splits, model = trained.restore(tmp_path / "run")

    keras.utils.set_random_seed(0)
    batches = Batches(splits.train, 20, seed=0)
    task = DigitsCompletion()
    same = FeedForward(
        MLP(hidden_units=8, dropout=0.3),
        task.space,
        task.oracle,
        preprocessing=Standardization(dtype="float32"),
        seed=0,
    )
    same.build(splits.train.x.shape, splits.train.y.shape)
    same.preprocessing.adapt(splits.train.x)
    steps = 3 * batches.per_epoch
    same.compile(inference_optimizer=adam(steps, learning_rate=1e-3, drops=(0.667,)))
    loop, epochs = Loop(same, batches), []
    for epoch in range(3):
        loop.epoch(epoch)
        epochs.append([weight.numpy() for weight in same.inference_network.trainable_weights])
    found = model.inference_network.trainable_weights
    for weight, first, second, third in zip(found, *epochs, strict=True):
        assert np.abs(third - first).max() > 1e-3
        expected = (2 * first + 9 * second) / 11 / 4 + 3 * third / 4
        np.testing.assert_allclose(weight, expected, atol=1e-6)
