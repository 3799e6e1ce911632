"""Documents with tags in TFDS: the indices of their words and of their tags."""

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from scipy import sparse

from alen_tf.datasets.splits import Examples

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


def generate(matrix, words):
    """TFDS examples of a matrix [documents, words + tags], keyed by row."""
    for row in range(matrix.shape[0]):
        indices = np.sort(matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]])
        split = np.searchsorted(indices, words)
        yield row, {"words": indices[:split].tolist(), "tags": (indices[split:] - words).tolist()}


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
