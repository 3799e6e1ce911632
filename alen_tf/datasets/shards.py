"""A folder of shards: sparse rows and their labels in TFRecord files, of which training reads a
little at a time.

`shards.json` says what is in the folder, `validation.tfrecord` and `test.tfrecord` hold the rows
that training evaluates on, and `train-00000.tfrecord` ... all others. A record is a
`tf.train.Example` with the lists "columns" and "values" of the numbers that are not zero, by
column, and the list "labels".
"""

import dataclasses
import pathlib
from typing import NamedTuple

import gin
import numpy as np
import tensorflow as tf
from scipy import sparse

from alen_tf.datasets.splits import Examples, Splits
from alen_tf.errors import ConfigError, DataError, WorkdirError
from alen_tf.sparse_rows import as_csr
from alen_tf.storage import read_json

HEADER = "shards.json"
ROWS = 1000  # that are parsed at once, where all are loaded


class Shape(NamedTuple):
    """The shape of an array that is not in memory, [examples, ...]."""

    shape: tuple[int, int]


@dataclasses.dataclass(frozen=True)
class Sharded:
    """The training split of a folder, in place of `Examples`; see the module.

    Attributes:
      folder: the folder.
      features: number of features.
      label_names: a name per label.
      rows: number of rows of each training file, in order.
      label_counts: number of training rows with each label, [labels].
      sha256: of each file, by name.
    """

    folder: pathlib.Path
    features: int
    label_names: tuple[str, ...]
    rows: tuple[int, ...]
    label_counts: np.ndarray
    sha256: dict[str, str]

    full = counted = weight = None  # as of `Examples`
    incomplete = False

    def __len__(self):
        return sum(self.rows)

    @property
    def x(self):
        """The `Shape` of all inputs."""
        return Shape((len(self), self.features))

    @property
    def y(self):
        """The `Shape` of all outputs."""
        return Shape((len(self), len(self.label_names)))

    @property
    def files(self):
        """The paths of the training files."""
        return [str(self.folder / training_file(number)) for number in range(len(self.rows))]

    def parse(self, records):
        """The inputs, a `tf.SparseTensor`, [batch, features], and outputs, float32 [batch, labels],
        of serialised records, [batch]."""
        lists = {"columns": tf.int64, "values": tf.float32, "labels": tf.int64}
        features = {name: tf.io.VarLenFeature(kind) for name, kind in lists.items()}
        found = tf.io.parse_example(records, features)
        batch = records.shape[0] or tf.size(records)  # a number, if TensorFlow knows it
        x = tf.SparseTensor(
            _places(found["columns"]), found["values"].values, [batch, self.features]
        )
        labels = _places(found["labels"])
        shape = tf.cast([batch, len(self.label_names)], tf.int64)
        y = tf.scatter_nd(labels, tf.ones(tf.shape(labels)[:1]), shape)
        return x, tf.ensure_shape(y, [records.shape[0], len(self.label_names)])


def _places(columns):
    """The (row, column) of each entry of lists of columns, int64 [entries, 2]."""
    return tf.stack([columns.indices[:, 0], columns.values], axis=1)


def training_file(number):
    """The name of a training file."""
    return f"train-{number:05d}.tfrecord"


@gin.register
def shards(folder=None, in_memory=False, manual_dir=None, data_dir=None):
    """Loads a folder that `python -m alen_tf.shards` wrote.

    Args:
      folder: the folder.
      in_memory: whether training rows are loaded too, and mixed all together; numbers other than
        counts are then scaled. By default they stay on the disk, and are used as they are.
      manual_dir, data_dir: not used; paths are relative to the working directory.

    Raises:
      ConfigError: `folder` is not given.
      DataError: it is no such folder, or is damaged.
    """
    del manual_dir, data_dir
    if not isinstance(folder, str):
        raise ConfigError(
            "name the folder to learn from: --gin_param=\"shards.folder = 'DIR'\"; python -m "
            "alen_tf.shards writes it"
        )
    train = opened(folder)
    held_out = [_read(train, [f"{name}.tfrecord"]) for name in ("validation", "test")]
    loaded = _read(train, map(training_file, range(len(train.rows)))) if in_memory else train
    return Splits(pathlib.Path(folder).name, loaded, *held_out, train.label_names)


def opened(folder):
    """The `Sharded` of a folder.

    Raises:
      DataError: the folder has no readable header, or a file of it is missing.
    """
    folder = pathlib.Path(folder).expanduser()
    try:
        content = read_json(folder / HEADER)
        found = Sharded(
            folder,
            int(content["features"]),
            tuple(map(str, content["label_names"])),
            tuple(map(int, content["rows"])),
            np.array(content["label_counts"], np.int64),
            dict(content["sha256"]),
        )
        sizes = {name: int(size) for name, size in dict(content["bytes"]).items()}
        if found.label_counts.shape != (len(found.label_names),) or min(found.rows) < 0:
            raise ValueError("counts do not fit")
    except (WorkdirError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise DataError(
            f"{folder / HEADER} is missing or damaged: write the folder with python -m "
            "alen_tf.shards"
        ) from error
    for name, size in sizes.items():
        if not (folder / name).is_file():
            raise DataError(f"{folder / name} is missing: write the folder again")
        if (found_size := (folder / name).stat().st_size) != size:
            raise DataError(
                f"{folder / name} has {found_size:,} bytes instead of {size:,}: write the folder "
                "again"
            )
    return found


def _read(sharded, names):
    """The `Examples` in files of a folder, with sparse inputs."""
    parts = []
    for name in names:
        records = tf.data.TFRecordDataset(str(sharded.folder / name)).batch(ROWS)
        try:
            for x, y in records.map(sharded.parse):
                parts.append((as_csr(x), y.numpy().astype(np.uint8)))
        except (tf.errors.OpError, ValueError) as error:
            raise DataError(
                f"{sharded.folder / name} is damaged: write the folder again"
            ) from error
    if not parts:
        raise DataError(f"{sharded.folder / name} has no rows: write the folder again")
    x, y = zip(*parts, strict=True)
    return Examples(sparse.vstack(x, "csr"), np.concatenate(y))
