"""JSON lines: one object per line, with one value per column."""

import json

import numpy as np
import pandas as pd

from alen_tf.datasets.readers.opened import lines, opened
from alen_tf.errors import DataError


def read_json_lines(path):
    """Reads a table; values that an object omits are missing.

    Returns:
      (names in the order in which they first occur, `pandas.DataFrame` with a column for each, the
      line of each row).

    Raises:
      DataError: the file cannot be read, or a line is not an object.
    """
    records, numbers, names = [], [], {}
    with opened(path) as file:
        for number, line in enumerate(lines(file, path), 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise DataError(f"{path}:{number}: malformed JSON: {error}") from error
            if not isinstance(record, dict):
                raise DataError(f'{path}:{number}: expected an object, such as {{"a": 0.5}}')
            for name, value in record.items():
                if isinstance(value, dict):
                    raise DataError(
                        f"{path}:{number}: {name!r} is an object, expected a number, text, true, "
                        "false, null or a list of tags"
                    )
            names |= dict.fromkeys(record)
            records.append(record)
            numbers.append(number)
    if not records:
        raise DataError(f"{path}: expected one line per row, found 0 rows")
    columns = {
        column: pd.Series([record.get(name) for record in records], dtype=object).infer_objects()
        for column, name in enumerate(names)
    }
    return tuple(names), pd.DataFrame(columns), np.asarray(numbers)
