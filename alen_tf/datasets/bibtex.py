"""Bibtex (Katakis et al. 2008): words of a bibliography entry -> the tags that people gave it.

4,880 training and 2,515 test documents, 1,836 words, 159 tags; 10% of the training documents,
chosen by a fixed seed, are the validation split. It is also a TFDS data set: see
`alen_tf.datasets.builders`.
"""

import gin

from alen_tf.datasets.readers import tags
from alen_tf.datasets.splits import Splits, hold_out

WORDS, TAGS = 1836, 159
SOURCE = "https://raw.githubusercontent.com/gyglim/dvn/5fbfd2bf6a13701a3cb70f29b8dc4f7817780988/mlc_datasets/bibtex"
# split: (file, SHA-256, documents)
FILES = {
    "train": (
        "bibtex-train.arff",
        "8dcc9de6e0b2cebaec8c1f4fac78431adeeb73cfd3ab879b530a66d366e59174",
        4880,
    ),
    "test": (
        "bibtex-test.arff",
        "9b03329cde64d3f994bdf7fbbac3f3b10fe185c311cb9ae725475f59c7f3f922",
        2515,
    ),
}


def urls():
    return {split: f"{SOURCE}/{name}" for split, (name, _, _) in FILES.items()}


def read(path, split):
    _, sha256, rows = FILES[split]
    relation = tags.read(
        path, WORDS, TAGS, rows
    )  # first: a malformed line is better news than a checksum
    tags.verify(path, sha256)
    return relation


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
    from alen_tf.datasets.builders import documents, preparation
    from alen_tf.datasets.builders.bibtex import Bibtex

    if (
        manual_dir is not None
    ):  # whoever names a directory wants its files used, prepared earlier or not
        for split, (name, _, _) in FILES.items():
            read(tags.manual_file(manual_dir, "bibtex", name, SOURCE), split)
    builder = Bibtex(data_dir=data_dir)
    preparation.prepare(builder, manual_dir, urls=list(urls().values()))
    train, validation = hold_out(documents.load(builder, "train"), validation_fraction, fold)
    label_names = tuple(builder.info.features["tags"].feature.names)
    return Splits("bibtex", train, validation, documents.load(builder, "test"), label_names)
