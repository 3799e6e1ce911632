"""Bibtex (Katakis et al. 2008): words of a bibliography entry -> the tags that people gave it.

4,880 training and 2,515 test documents, 1,836 words, 159 tags; 10% of the training documents,
chosen by a fixed seed, are the validation split. It is also a TFDS data set: after
`import alen_tf.datasets.bibtex`, `tfds.load("bibtex")` works.
"""

import gin
import tensorflow_datasets as tfds

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


class Bibtex(tfds.core.GeneratorBasedBuilder):
    """Sparse word and tag indices in file order; from the manual directory, or downloaded where
    there is none."""

    VERSION = tfds.core.Version("1.0.0")
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        f"Put bibtex-train.arff and bibtex-test.arff of {SOURCE} in <manual_dir>/bibtex/."
    )

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=__doc__,
            features=tags.features(WORDS, TAGS),
            homepage="https://mulan.sourceforge.net/datasets-mlc.html",
            citation=tags.CITATION,
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        paths = _in_manual_dir(dl_manager) or dl_manager.download(_urls())
        relations = {split: _read(path, split) for split, path in paths.items()}
        self.info.features["words"].feature.names = relations["train"].names[:WORDS]
        self.info.features["tags"].feature.names = relations["train"].names[WORDS:]
        return {
            split: tags.generate(relation.values, WORDS) for split, relation in relations.items()
        }

    def _generate_examples(self, matrix):
        return tags.generate(matrix, WORDS)


def _urls():
    return {split: f"{SOURCE}/{name}" for split, (name, _, _) in FILES.items()}


def _in_manual_dir(dl_manager):
    """The files of TFDS's manual directory by split, or None where it does not have them."""
    try:
        folder = dl_manager.manual_dir / "bibtex"
    except AssertionError:  # there is no such directory
        return None
    paths = {split: folder / name for split, (name, _, _) in FILES.items()}
    return paths if all(path.exists() for path in paths.values()) else None


def _read(path, split):
    _, sha256, rows = FILES[split]
    # Before the checksum, because a malformed line is a more useful message.
    relation = tags.read(path, WORDS, TAGS, rows)
    tags.verify(path, sha256)
    return relation


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
    if manual_dir is not None:  # a named directory is used even if data was prepared earlier
        for split, (name, _, _) in FILES.items():
            _read(tags.manual_file(manual_dir, "bibtex", name, SOURCE), split)
    builder = Bibtex(data_dir=data_dir)
    tags.prepare(builder, manual_dir, urls=list(_urls().values()))
    train, validation = hold_out(tags.load(builder, "train"), validation_fraction, fold)
    label_names = tuple(builder.info.features["tags"].feature.names)
    return Splits("bibtex", train, validation, tags.load(builder, "test"), label_names)
