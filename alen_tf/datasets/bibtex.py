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
      validation_fraction: share of the training documents in the validation split.
      fold: seed that chooses these documents. One such split distinguishes two settings only if
        they differ by more than a point of F1, so a search averages over several.

    Raises:
      DataError: the files are unavailable, damaged or malformed.
    """
    from alen_tf.datasets.builders import bibtex as source
    from alen_tf.datasets.builders import documents, preparation

    # A named directory is used even if data was prepared earlier.
    if manual_dir is not None:
        source.read_manual(manual_dir)
    builder = source.Bibtex(data_dir=data_dir)
    preparation.prepare(builder, manual_dir, urls=list(source.urls().values()))
    train, validation = hold_out(documents.load(builder, "train"), validation_fraction, fold)
    label_names = tuple(builder.info.features["tags"].feature.names)
    return Splits("bibtex", train, validation, documents.load(builder, "test"), label_names)
