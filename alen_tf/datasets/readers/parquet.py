"""Parquet files."""

import re

from alen_tf.errors import DataError

# The name that pandas gives to an unnamed index of rows.
_INDEX = re.compile(r"__index_level_\d+__")


def read_parquet(path):
    """Reads a table; an index of rows without a name is left out.

    Returns:
      (names, `pandas.DataFrame` with a column for each, None: rows have no lines).

    Raises:
      DataError: the file cannot be read.
    """
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise DataError(f"{path}: Parquet needs pyarrow: pip install 'alen_tf[parquet]'") from error
    try:
        table = parquet.read_table(path)
        table = table.drop_columns([name for name in table.column_names if _INDEX.match(name)])
        frame = table.to_pandas(ignore_metadata=True)
    except (OSError, ArrowException, ValueError, TypeError) as error:
        raise DataError(f"{path}: not a Parquet file: {str(error).splitlines()[0]}") from error
    names = tuple(frame.columns)
    frame.columns = range(len(names))
    return names, frame, None
