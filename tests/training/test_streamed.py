import pathlib

import gin
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import dump_svmlight_file

from alen_tf.cross_fitting import run
from alen_tf.datasets import shard_writer
from alen_tf.datasets.shards import opened
from alen_tf.errors import ConfigError, WorkdirError
from alen_tf.training import config, trainer
from alen_tf.training.streamed import Streamed

ROWS, FEATURES, LABELS, HELD_OUT = 260, 30, 3, 20
SMALL = ("train.epochs = 2", "train.batch_size = 40", "MLP.hidden_units = 8")


@pytest.fixture
def folder(tmp_path, random):
    """Shards of rows whose first number says which they are."""
    x = np.float64(random.rand(ROWS, FEATURES) < 0.2)
    y = x[:, 1 : 1 + LABELS] + x[:, 4 : 4 + LABELS] > 0
    x[:, 0] = np.arange(1, ROWS + 1) / 1024  # exact in single precision
    path = tmp_path / "rows.svm"
    dump_svmlight_file(x, np.int64(y), str(path), multilabel=True, zero_based=False)
    shard_writer.write([path], tmp_path / "shards", HELD_OUT, rows_per_file=30)
    return tmp_path / "shards"


def numbers(data):
    """Which rows the batches of an epoch hold, [steps, batch]."""
    return [(1024 * tf.sparse.to_dense(x)[:, 0].numpy()).tolist() for x, _ in data]


def test_an_epoch_has_every_row_once_in_an_order_of_its_own(folder):
    batches = Streamed(opened(folder), 40, seed=0)
    assert batches.per_epoch == 5  # of 220 rows
    first, second, again = (numbers(batches.data(epoch)) for epoch in (0, 1, 0))
    assert first == again != second
    assert len({row for batch in first for row in batch}) == 200
    assert numbers(Streamed(opened(folder), 40, seed=1).data(0)) != first
    mixed = np.abs(np.diff(np.concatenate(first)))
    assert np.mean(mixed) > ROWS / 5  # neighbours in the file are not neighbours here


def test_a_resumed_epoch_goes_on_with_the_batch_that_comes_next(folder):
    batches = Streamed(opened(folder), 40, seed=0)
    assert numbers(batches.data(1, step=3)) == numbers(batches.data(1))[3:]


def test_shapes_are_known(folder):
    x, y = Streamed(opened(folder), 40, seed=0).data(0).element_spec
    assert (x.shape, y.shape) == ((40, FEATURES), (40, LABELS))


def train(folder, workdir, *params):
    config.parse(["gin/own/sharded.gin"], [f"shards.folder = '{folder}'", *SMALL, *params])
    return trainer.train(str(workdir))


@pytest.mark.slow
def test_training_from_shards_learns_as_in_memory(folder, tmp_path):
    longer = ("train.epochs = 25", "inference/adam.learning_rate = 0.03")
    found = train(folder, tmp_path / "a", *longer)
    loaded = train(folder, tmp_path / "b", *longer, "shards.in_memory = True")
    for each in (found, loaded):
        assert each["validation"]["refined"] > 0.75
    assert abs(found["validation"]["refined"] - loaded["validation"]["refined"]) < 0.1
    assert pathlib.Path(tmp_path / "a" / "model_card.md").exists()


def test_other_data_is_noticed(folder, tmp_path):
    train(folder, tmp_path / "run")
    with gin.unlock_config():
        gin.clear_config()
    (folder.parent / "shards").rename(folder.parent / "old")
    shard_writer.write([folder.parent / "rows.svm"], folder, HELD_OUT, rows_per_file=30, seed=1)
    with pytest.raises(WorkdirError, match="was made with different data"):
        train(folder, tmp_path / "run")


def test_cross_fitting_needs_memory(folder):
    config.parse(["gin/own/multilabel.gin"], ["MultiLabel.dataset = @shards"])
    with gin.unlock_config():
        gin.bind_parameter("shards.folder", str(folder))
    with pytest.raises(ConfigError, match="cross_fit needs all rows in memory"):
        run.learned(gin.get_bindings("cross_fit")["task"].load())
