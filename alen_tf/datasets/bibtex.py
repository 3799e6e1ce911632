"""Bibtex (Katakis et al. 2008): words of a bibliography entry -> the tags that people gave it.

4,880 training and 2,515 test documents, 1,836 words, 159 tags; 10% of the training documents,
chosen by a fixed seed, are the validation split. It is also a TFDS data set: see
`alen_tf.datasets.builders`.
"""

import gin

from alen_tf.datasets.splits import Splits, hold_out


@gin.register
def bibtex(manual_dir=None, data_dir=None, validation_fraction=0.1, fold=0):
    """Loads the splits: 4,392 train, 488 validation, 2,515 test; the first call prepares them with
    TFDS.

    Args:
      manual_dir, data_dir: see `Task.load`.
      validation_fraction: share of the training documents that is the validation split.
      fold: seed of which documents these are. One such split tells two settings apart only where
        they differ by more than a point of F1: a search averages over several.

    Raises:
      DataError: the files cannot be had, are damaged, or are malformed.
    """
    from alen_tf.datasets.builders import bibtex as source
    from alen_tf.datasets.builders import documents, preparation

    # Whoever names a directory wants its files used, prepared earlier or not.
    if manual_dir is not None:
        source.read_manual(manual_dir)
    builder = source.Bibtex(data_dir=data_dir)
    preparation.prepare(builder, manual_dir, urls=list(source.urls().values()))
    train, validation = hold_out(documents.load(builder, "train"), validation_fraction, fold)
    label_names = tuple(builder.info.features["tags"].feature.names)
    return Splits("bibtex", train, validation, documents.load(builder, "test"), label_names)
