"""Bibtex as a TFDS data set."""

import tensorflow_datasets as tfds

from alen_tf.datasets import bibtex
from alen_tf.datasets.bibtex import SOURCE, TAGS, WORDS, read, urls
from alen_tf.datasets.builders import documents


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
            description=bibtex.__doc__,
            features=documents.features(WORDS, TAGS),
            homepage="https://mulan.sourceforge.net/datasets-mlc.html",
            citation=documents.CITATION,
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        paths = _in_manual_dir(dl_manager) or dl_manager.download(urls())
        relations = {split: read(path, split) for split, path in paths.items()}
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
    paths = {split: folder / name for split, (name, _, _) in bibtex.FILES.items()}
    return paths if all(path.exists() for path in paths.values()) else None
