"""Bookmarks (Katakis et al. 2008): words of a bookmarked page -> the tags that people gave it.

87,856 documents, 2,150 words, 208 tags, split in file order into 48,000 training, 12,000 validation
and 27,856 test documents: the order is already random. The source offers no direct download:
`bookmarks.arff` is read from the manual directory. It is also a TFDS data set: see
`alen_tf.datasets.builders`.
"""

import gin

from alen_tf.datasets.readers import tags
from alen_tf.datasets.splits import Splits
from alen_tf.errors import DataError


@gin.register
def bookmarks(manual_dir=None, data_dir=None):
    """Loads the splits; the first call prepares them with TFDS.

    A file with a different number of rows is split in the same proportions, and the data set's name
    includes the number of rows.

    Raises:
      DataError: the file is missing, malformed, or not the one that was prepared earlier.
    """
    from alen_tf.datasets.builders import bookmarks as source
    from alen_tf.datasets.builders import documents, preparation

    builder = source.Bookmarks(data_dir=data_dir)
    if manual_dir is None and not builder.is_prepared():
        raise DataError(
            f"bookmarks: not in {builder.data_dir}; get bookmarks.arff from {source.SOURCE}, "
            "put it in DIR/bookmarks/ and pass --manual_dir=DIR"
        )
    if manual_dir is not None:
        path = tags.manual_file(manual_dir, "bookmarks", "bookmarks.arff", source.SOURCE)
        preparation.prepare(builder, manual_dir)
        if builder.info.metadata["sha256"] != tags.sha256(path):
            raise DataError(
                f"{path} is not the file that {builder.data_dir} was prepared from; delete that "
                "folder, or pass another --data_dir"
            )
    splits = {split: documents.load(builder, split) for split in source.SIZES}
    rows = sum(len(examples) for examples in splits.values())
    name = "bookmarks" if rows == sum(source.SIZES.values()) else f"bookmarks[{rows} rows]"
    label_names = tuple(builder.info.features["tags"].feature.names)
    return Splits(name, **splits, label_names=label_names)
