"""Bookmarks (Katakis et al. 2008): words of a bookmarked page -> the tags that people gave it.

87,856 documents, 2,150 words, 208 tags, split in file order into 48,000 training, 12,000 validation
and 27,856 test documents: the order is already random. The source offers no direct download:
`bookmarks.arff` is read from the manual directory. It is also a TFDS data set: after
`import alen_tf.datasets.bookmarks`, `tfds.load("bookmarks")` works.
"""

import gin
import tensorflow_datasets as tfds

from alen_tf.datasets.readers import tags
from alen_tf.datasets.splits import Splits
from alen_tf.errors import DataError

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
            features=tags.features(WORDS, TAGS),
            homepage=SOURCE,
            citation=tags.CITATION,
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
        return tags.generate(matrix, WORDS)


def split_ends(rows):
    """Where the three splits end, in the proportions of `SIZES`: exact for the whole file."""
    total, end, ends = sum(SIZES.values()), 0, []
    for size in SIZES.values():
        end += size
        ends.append(round(rows * end / total))
    return ends


@gin.register
def bookmarks(manual_dir=None, data_dir=None):
    """Loads the splits; the first call prepares them with TFDS.

    A file with a different number of rows is split in the same proportions, and the data set's name
    includes the number of rows.

    Raises:
      DataError: the file is missing, malformed, or not the one that was prepared earlier.
    """
    builder = Bookmarks(data_dir=data_dir)
    if manual_dir is None and not builder.is_prepared():
        raise DataError(
            f"bookmarks: not in {builder.data_dir}; get bookmarks.arff from {SOURCE}, put it in "
            "DIR/bookmarks/ and pass --manual_dir=DIR"
        )
    if manual_dir is not None:
        path = tags.manual_file(manual_dir, "bookmarks", "bookmarks.arff", SOURCE)
        tags.prepare(builder, manual_dir)
        if builder.info.metadata["sha256"] != tags.sha256(path):
            raise DataError(
                f"{path} is not the file that {builder.data_dir} was prepared from; delete that "
                "folder, or pass another --data_dir"
            )
    splits = {split: tags.load(builder, split) for split in SIZES}
    rows = sum(len(examples) for examples in splits.values())
    name = "bookmarks" if rows == sum(SIZES.values()) else f"bookmarks[{rows} rows]"
    label_names = tuple(builder.info.features["tags"].feature.names)
    return Splits(name, **splits, label_names=label_names)
