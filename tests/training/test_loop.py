import numpy as np
import pytest
import tensorflow as tf

from alen_tf.datasets.augmentation import ImageAugmentation
from alen_tf.datasets.splits import Examples
from alen_tf.errors import NonFiniteError
from alen_tf.training import loop

EXAMPLES = Examples(np.arange(23, dtype=np.float32)[:, None], np.arange(23)[:, None] % 2)


class Stepping:
    """A model of which the loop asks no more than steps."""

    network_state = ()

    def drawn(self, batch):
        return batch


class Recorder(Stepping):
    """A model that keeps the inputs of its steps, and gives a loss for each."""

    def __init__(self):
        self.seen = tf.Variable(tf.zeros((0,)), shape=[None])
        self.traces = 0

    def update(self, batch):
        self.traces += 1
        tf.debugging.assert_equal(batch.x % 2, batch.y)
        self.seen.assign(tf.concat([self.seen, batch.x[:, 0]], axis=0))
        return batch.y, {"mean_loss": tf.reduce_mean(batch.x)}


@pytest.mark.parametrize("steps_per_call", [1, 3, 200])
def test_an_epoch_sees_every_full_batch_once(monkeypatch, steps_per_call):
    monkeypatch.setattr(loop, "STEPS_PER_CALL", steps_per_call)
    model, batches = Recorder(), loop.Batches(EXAMPLES, 5, seed=1)
    assert (batches.size, batches.per_epoch) == (5, 4)
    scalars = loop.Loop(model, batches).epoch(2)
    seen = model.seen.numpy()
    np.testing.assert_array_equal(seen, batches.order(2)[:20])
    assert len(set(seen)) == 20
    assert scalars == {"mean_loss": pytest.approx(seen.mean())}


def test_a_step_is_traced_once(monkeypatch):
    model = Recorder()
    training = loop.Loop(model, loop.Batches(EXAMPLES, 5, seed=1))
    for epoch, steps_per_call in enumerate((1, 3, 200)):
        monkeypatch.setattr(loop, "STEPS_PER_CALL", steps_per_call)
        training.epoch(epoch)
    list(training.parts(3, step=2, sums={"mean_loss": 1.0}))  # as a resumed run begins
    assert model.traces == 1
    assert training._steps.experimental_get_tracing_count() == 1


def test_batches_of_high_res_images_are_what_the_model_sees(random):
    high_res = Examples(random.rand(4, 6, 6, 1).astype(np.float32), np.ones((4, 6, 6, 1), np.uint8))
    coarse = Examples(
        high_res.x.reshape(4, 3, 2, 3, 2, 1).mean(axis=(2, 4)), high_res.y[:, ::2, ::2]
    )
    batches = loop.Batches(coarse, 4, 0, ImageAugmentation(mirror=False), high_res)
    order = batches.order(0)
    x, y, *_ = batches(0, order, 0)
    np.testing.assert_allclose(x, coarse.x[order], rtol=1e-5)
    np.testing.assert_array_equal(y, coarse.y)


def test_all_but_losses_is_logged_by_some_steps(monkeypatch):
    monkeypatch.setattr(loop, "LOG_EVERY", 3)
    computed = []

    class Costly(Stepping):
        def update(self, batch):
            # Without effects, like a norm: TensorFlow may leave it out where nobody needs it.
            norm = tf.numpy_function(count, [tf.reduce_sum(batch.x)], tf.float32, stateful=False)
            norm = tf.ensure_shape(norm, ())
            return batch.y, {"a_loss": tf.reduce_mean(batch.x), "norm": norm}

    def count(value):
        computed.append(value)
        return value

    batches = loop.Batches(EXAMPLES, 5, seed=1)
    training = loop.Loop(Costly(), batches)
    expected = batches.order(2).numpy()[:20].reshape(4, 5).astype(float)
    means = training.epoch(2)
    assert len(computed) == 2  # of four steps
    assert means["a_loss"] == pytest.approx(expected.mean())
    assert means["norm"] == pytest.approx(expected[[0, 3]].sum(axis=1).mean())
    # A resumed run samples the same steps.
    (_, sums), *_ = training.parts(2, step=1, sums={"a_loss": 0.0, "norm": expected[0].sum()})
    assert training.means(sums)["norm"] == pytest.approx(means["norm"])


def test_order_depends_on_seed_and_epoch():
    orders = [
        tuple(loop.Batches(EXAMPLES, 5, seed).order(epoch).numpy())
        for seed, epoch in ((0, 0), (0, 0), (0, 1), (1, 0))
    ]
    assert orders[0] == orders[1]
    assert len(set(orders)) == 3


def test_few_examples_are_one_batch():
    assert loop.Batches(EXAMPLES.take(slice(0, 3)), 5, seed=0).size == 3


def test_a_scalar_that_is_not_finite_is_named():
    class Broken(Stepping):
        def update(self, batch):
            return batch.y, {"fine": tf.constant(1.0), "energy_loss": tf.constant(np.nan)}

    with pytest.raises(NonFiniteError, match="energy_loss not finite in epoch 3"):
        loop.Loop(Broken(), loop.Batches(EXAMPLES, 5, seed=0)).epoch(2)


def test_what_counts_moves_with_the_masks(random):
    inside = random.rand(6, 8, 8) < 0.5
    y = np.stack([~inside, inside], -1).astype(np.uint8)
    examples = Examples(random.rand(6, 8, 8, 3).astype(np.float32), y, counted=inside)
    augmentation = ImageAugmentation(shift=0.2, rotation=30.0, zoom=0.2)
    batches = loop.Batches(examples, 6, 0, augmentation)
    batch = batches(0, batches.order(0), 0)
    assert batch.y.shape == (6, 8, 8, 2)
    np.testing.assert_array_equal(batch.counted, batch.y[..., 1])
    assert not np.array_equal(batch.counted, inside[batches.order(0)])


def test_missing_labels_do_not_count(random):
    y = np.where(random.rand(20, 3) < 0.5, np.nan, random.randint(0, 2, (20, 3)))
    batches = loop.Batches(Examples(y, np.float32(y)), 10, seed=0)
    found = batches(0, batches.order(0), 1)
    np.testing.assert_array_equal(found.counted, ~np.isnan(found.x))
    np.testing.assert_array_equal(found.y, found.x)
    whole = np.nan_to_num(y)
    batches = loop.Batches(Examples(whole, np.float32(whole)), 10, seed=0)
    assert batches(0, batches.order(0), 0).counted is None
