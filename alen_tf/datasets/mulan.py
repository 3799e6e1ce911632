"""The multi-label sets of the Mulan project (Tsoumakas et al.), with their official splits."""

import gin

from alen_tf.datasets.readers.labelled_tables import read_tables
from alen_tf.datasets.readers.tags import manual_file
from alen_tf.datasets.splits import Splits, hold_out
from alen_tf.errors import DataError

SOURCE = "github.com/tsoumakas/mulan (data/multi-label)"
# Files are NAME-train.arff, NAME-test.arff and NAME.xml, with one exception.
STEMS = {"tmc2007": "tmc2007-500"}


@gin.register
def mulan(name=gin.REQUIRED, manual_dir=None, data_dir=None, validation_fraction=0.1, fold=0):
    """Loads a set from <manual_dir>/mulan/NAME/.

    Args:
      name: "scene", "yeast", "emotions", "tmc2007", "delicious" or another set in Mulan's layout.
      manual_dir: the manual directory.
      data_dir: not used.
      validation_fraction: share of the training rows in the validation split.
      fold: seed that chooses these rows.

    Raises:
      DataError: files are missing or malformed.
    """
    del data_dir
    if manual_dir is None:
        raise DataError(
            f"{name}: not found; get it from {SOURCE} and pass --manual_dir=DIR, with DIR/mulan/"
        )
    stem = STEMS.get(name, name)
    train_file, test_file, xml = (
        manual_file(manual_dir, f"mulan/{name}", file, SOURCE)
        for file in (f"{stem}-train.arff", f"{stem}-test.arff", f"{stem}.xml")
    )

    def divide(examples, test):
        return *hold_out(examples, validation_fraction, fold), test

    splits, label_names, preprocessing = read_tables(train_file, str(xml), test_file, divide)
    return Splits(
        name,
        *splits,
        label_names,
        preprocessing=preprocessing if preprocessing.needed else None,
    )
