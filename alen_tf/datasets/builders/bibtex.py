"""Bibtex (Katakis et al. 2008): words of bibliography entries and people's tags for them."""

import tensorflow_datasets as tfds

from alen_tf.datasets.builders import documents
from alen_tf.datasets.readers import tags

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
    """Sparse word and tag indices in file order; from the manual directory, or downloaded if
    it does not have them."""

    VERSION = tfds.core.Version("1.0.0")
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        f"Put bibtex-train.arff and bibtex-test.arff of {SOURCE} in <manual_dir>/bibtex/."
    )

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=__doc__,
            features=documents.features(WORDS, TAGS),
            homepage="https://mulan.sourceforge.net/datasets-mlc.html",
            citation=documents.CITATION,
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        paths = _in_manual_dir(dl_manager) or dl_manager.download(urls())
        relations = {split: _read(path, split) for split, path in paths.items()}
        self.info.features["words"].feature.names = relations["train"].names[:WORDS]
        self.info.features["tags"].feature.names = relations["train"].names[WORDS:]
        return {
            split: self._generate_examples(relation.values) for split, relation in relations.items()
        }

    def _generate_examples(self, matrix):
        return documents.generate(matrix, WORDS)


def _in_manual_dir(dl_manager):
    """The files of TFDS's manual directory by split, or None where it does not have them."""
    try:
        folder = dl_manager.manual_dir / "bibtex"
    except AssertionError:  # there is no such directory
        return None
    paths = {split: folder / name for split, (name, _, _) in FILES.items()}
    return paths if all(path.exists() for path in paths.values()) else None


def urls():
    """Where the files are, by split."""
    return {split: f"{SOURCE}/{name}" for split, (name, _, _) in FILES.items()}


def read_manual(manual_dir):
    """Reads the files of a manual directory, to check them.

    Raises:
      DataError: one is missing, damaged or malformed.
    """
    for split, (name, _, _) in FILES.items():
        _read(tags.manual_file(manual_dir, "bibtex", name, SOURCE), split)


def _read(path, split):
    _, sha256, rows = FILES[split]
    # First: a malformed line is better news than a checksum.
    relation = tags.read(path, WORDS, TAGS, rows)
    tags.verify(path, sha256)
    return relation
