"""Bookmarks (Katakis et al. 2008): words of bookmarked pages and people's tags for them."""

import tensorflow_datasets as tfds

from alen_tf.datasets.builders import documents
from alen_tf.datasets.readers import tags

WORDS, TAGS = 2150, 208
SOURCE = "https://mulan.sourceforge.net/datasets-mlc.html"
SIZES = {"train": 48_000, "validation": 12_000, "test": 27_856}


class Bookmarks(tfds.core.GeneratorBasedBuilder):
    """Sparse word and tag indices in file order, from the manual directory."""

    VERSION = tfds.core.Version("1.0.0")
    MANUAL_DOWNLOAD_INSTRUCTIONS = f"Put bookmarks.arff of {SOURCE} in <manual_dir>/bookmarks/."

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description=__doc__,
            features=documents.features(WORDS, TAGS),
            homepage=SOURCE,
            citation=documents.CITATION,
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager):
        path = dl_manager.manual_dir / "bookmarks" / "bookmarks.arff"
        relation = tags.read(path, WORDS, TAGS)
        self.info.features["words"].feature.names = relation.names[:WORDS]
        self.info.features["tags"].feature.names = relation.names[WORDS:]
        self.info.metadata["sha256"] = tags.sha256(path)
        ends = split_ends(relation.values.shape[0])
        return {
            split: self._generate_examples(relation.values[start:end])
            for split, start, end in zip(SIZES, [0, *ends], ends, strict=False)
        }

    def _generate_examples(self, matrix):
        return documents.generate(matrix, WORDS)


def split_ends(rows):
    """Where the three splits end, in the proportions of `SIZES`: exact for the whole file."""
    total, end, ends = sum(SIZES.values()), 0, []
    for size in SIZES.values():
        end += size
        ends.append(round(rows * end / total))
    return ends
