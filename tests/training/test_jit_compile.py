"""Training steps that XLA compiles."""

import numpy as np
import pytest
import tensorflow as tf

from alen_tf.datasets.augmentation import ImageAugmentation
from alen_tf.datasets.splits import Examples
from alen_tf.errors import ConfigError
from alen_tf.training import config, loop, trainer
from experiments.benchmark.workloads import Shape, Workload

ROWS = Shape((30,), (5,), 3, 2)
# Few steps of refinement, because XLA takes seconds to compile many.
PARAMS = (
    "training/GradientAscent.steps = 2",
    "MLP.hidden_units = 7",
    "MLPEnergy.hidden_units = 6",
    "train.batch_size = 4",
)


class Made:
    """A model on rows, and the loop that trains it; `epoch` starts from the same state each
    time."""

    def __init__(self, *params, jit_compile=True):
        workload = Workload("bibtex/alen", ROWS, (*PARAMS, *params), count=24)
        model = workload.model
        self.variables = [*model.state, *(each.value for each in model.optimizer.variables)]
        self.before = [each.numpy() for each in self.variables]
        self.loop = loop.Loop(model, workload.batches, jit_compile=jit_compile)

    def epoch(self):
        """(means of the scalars, arrays of all variables) after an epoch."""
        for variable, value in zip(self.variables, self.before, strict=True):
            variable.assign(value)
        return self.loop.epoch(1), [each.numpy() for each in self.variables]


def test_an_epoch_is_the_same_each_time_and_however_it_is_divided(monkeypatch):
    made = Made()
    scalars, after = made.epoch()
    assert sum(np.any(a != b) for a, b in zip(after, made.before, strict=True)) > 8
    for steps_per_call in (200, 1, 4):
        monkeypatch.setattr(loop, "STEPS_PER_CALL", steps_per_call)
        found, arrays = made.epoch()
        assert found == scalars
        for array, expected in zip(arrays, after, strict=True):
            np.testing.assert_array_equal(array, expected)


@pytest.mark.slow
def test_without_dropout_it_computes_what_tensorflow_does_without_xla():
    (scalars, after), (expected, plain) = (
        Made("MLP.dropout = 0.0", jit_compile=jit_compile).epoch() for jit_compile in (True, False)
    )
    assert scalars == pytest.approx(expected, rel=1e-4)
    for array, other in zip(after, plain, strict=True):
        np.testing.assert_allclose(array, other, rtol=1e-3, atol=1e-5)


class OfTheHost:
    """A model whose steps call Python, which XLA cannot."""

    network_state = ()

    def drawn(self, batch):
        return batch

    def update(self, batch):
        loss = tf.numpy_function(np.mean, [batch.x], tf.float32)
        return batch.y, {"a_loss": tf.ensure_shape(loss, ())}


@pytest.mark.parametrize("augmentation", [None, ImageAugmentation()])
def test_steps_are_compiled_and_an_operation_that_xla_lacks_is_named(augmentation):
    """Also where XLA cannot compile what makes a batch: projections of images."""
    images = Examples(np.ones((8, 4, 4, 3), np.float32), np.ones((8, 4, 4, 1), np.uint8))
    batches = loop.Batches(images, 4, seed=0, augment=augmentation)
    plain = loop.Loop(OfTheHost(), batches)
    assert plain.epoch(0) == {"a_loss": pytest.approx(1.0)}
    with pytest.raises(ConfigError, match=r"^train.jit_compile: .* compile (Eager)?PyFunc; leave"):
        loop.Loop(OfTheHost(), batches, jit_compile=True).epoch(0)


def test_images_that_are_moved_outside_of_the_program_are_those_of_other_steps():
    class Mean:
        network_state = ()

        def drawn(self, batch):
            return batch

        def update(self, batch):
            return batch.y, {"a_loss": tf.reduce_mean(batch.x), "y": tf.reduce_mean(batch.y)}

    random = np.random.RandomState(0)
    x, y = random.rand(8, 6, 6, 3).astype(np.float32), random.rand(8, 6, 6, 1) < 0.5
    images = Examples(x, y.astype(np.uint8))
    batches = loop.Batches(images, 4, 0, ImageAugmentation(shift=0.2, rotation=30.0))
    found, expected = (
        loop.Loop(Mean(), batches, jit_compile=jit_compile).epoch(3)
        for jit_compile in (True, False)
    )
    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("param", "said"),
    [
        ("train.strategy = 'mirrored'", r"jit_compile = True is for one device: .*'mirrored'"),
        ("train.jit_compile = 1", r"train.jit_compile is 1, expected True or False"),
    ],
)
def test_what_does_not_go_together_is_one_clear_line(param, said):
    config.parse(["gin/digits/alen.gin"], ["train.jit_compile = True", param])
    with pytest.raises(ConfigError, match=said):
        trainer.train("unused")
