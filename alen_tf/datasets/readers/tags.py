"""Shared by Bibtex and Bookmarks (Katakis et al. 2008): documents as sets of words, labelled with
sets of tags."""

import hashlib
import pathlib
import urllib.request

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from scipy import sparse

from alen_tf.datasets.readers.arff import read_arff
from alen_tf.datasets.splits import Examples
from alen_tf.errors import DataError

CITATION = (
    "@inproceedings{katakis2008multilabel, "
    "title={Multilabel text classification for automated tag suggestion}, "
    "author={Katakis, Ioannis and Tsoumakas, Grigorios and Vlahavas, Ioannis}, "
    "booktitle={ECML PKDD Discovery Challenge}, year={2008}}"
)


def features(words, tags):
    """TFDS features: the indices of a document's words and tags, both in ascending order."""
    return tfds.features.FeaturesDict(
        {
            "words": tfds.features.Sequence(tfds.features.ClassLabel(num_classes=words)),
            "tags": tfds.features.Sequence(tfds.features.ClassLabel(num_classes=tags)),
        }
    )


def read(path, words, tags, rows=None):
    """Reads an ARFF file of `words` binary attributes followed by `tags` binary attributes.

    Returns:
      The `Relation`, all of its values 0 or 1.

    Raises:
      DataError: the file is malformed or has another size.
    """
    relation = read_arff(path)
    found_rows, found_columns = relation.values.shape
    if found_columns != words + tags:
        raise DataError(
            f"{path}: {found_columns} attributes, expected {words} words and {tags} tags"
        )
    if rows is not None and found_rows != rows:
        raise DataError(f"{path}: {found_rows:,} rows, expected {rows:,}: is the file complete?")
    if not np.all(relation.values.data == 1):
        raise DataError(f"{path}: words and tags are 0 or 1, but the file has other values")
    return relation


def generate(matrix, words):
    """TFDS examples of a matrix [documents, words + tags], keyed by row."""
    for row in range(matrix.shape[0]):
        indices = np.sort(matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]])
        split = np.searchsorted(indices, words)
        yield row, {"words": indices[:split].tolist(), "tags": (indices[split:] - words).tolist()}


def prepare(builder, manual_dir, urls=()):
    """Downloads the data, or takes it from the manual directory, and prepares it once for `load`.

    Raises:
      DataError: the source cannot be reached.
    """
    if builder.is_prepared():
        return
    if manual_dir is None:
        _reach(builder, urls[0])
    download_config = tfds.download.DownloadConfig(manual_dir=manual_dir)
    builder.download_and_prepare(download_config=download_config)


def _reach(builder, url):
    """Checks once whether `url` responds: TFDS itself retries for minutes."""
    request = urllib.request.Request(url, method="HEAD")
    try:
        urllib.request.urlopen(request, timeout=20).close()
    except OSError as error:
        raise DataError(
            f"{builder.name}: not in {builder.data_dir}, and {url} cannot be reached ({error}); "
            f"get the files yourself, put them in DIR/{builder.name}/ and pass --manual_dir=DIR"
        ) from error


def load(builder, split):
    """Reads a prepared split in file order as dense 0/1 matrices, uint8."""
    read_config = tfds.ReadConfig(interleave_cycle_length=1)
    dataset = builder.as_dataset(split=split, shuffle_files=False, read_config=read_config)
    batches = list(dataset.ragged_batch(4096).prefetch(tf.data.AUTOTUNE))

    def dense(name):
        size = builder.info.features[name].feature.num_classes
        parts = [_csr(batch[name], size) for batch in batches]
        return sparse.vstack(parts).toarray()

    return Examples(dense("words"), dense("tags"))


def _csr(ragged, columns):
    indices, ends = ragged.values.numpy(), ragged.row_splits.numpy()
    ones = np.ones(len(indices), np.uint8)
    return sparse.csr_matrix((ones, indices, ends), shape=(len(ends) - 1, columns))


def manual_file(manual_dir, dataset, name, source):
    """The path of a file of a data set in the manual directory.

    Raises:
      DataError: it is missing; the message says where it was expected, where to get it and where to
        put it.
    """
    path = pathlib.Path(manual_dir).expanduser() / dataset / name
    if not path.is_file():
        raise DataError(f"{dataset}: {path} not found; get {name} from {source} and put it there")
    return path


def sha256(path):
    """A file's SHA-256 as hexadecimal digits."""
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def verify(path, expected):
    """Checks that a file's SHA-256 is `expected`.

    Raises:
      DataError: it differs.
    """
    found = sha256(path)
    if found != expected:
        raise DataError(
            f"{path}: checksum mismatch: SHA-256 is {found}, expected {expected}; delete the file "
            "and get it again"
        )
