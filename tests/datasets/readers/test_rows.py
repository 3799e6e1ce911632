import numpy as np
import pytest

from alen_tf.datasets.readers.rows import read_inputs
from alen_tf.evaluation.signature import Signature


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("0,1,2", [1, 2, 3]),  # numbers for names: all are features
        ("1,a,b", [2, 3]),  # a label, to be left out: too few are left, which the model tells
        ("0,1,a,b,c", [3, 4, 5]),
        ("0,1,2,3,4", [1, 2, 3, 4, 5]),  # labels beside unnamed features: too many, likewise
    ],
)
def test_columns_without_known_names(tmp_path, header, expected):
    signature = Signature((3,), (2,), ("0", "1"))
    path = tmp_path / "new.csv"
    values = ",".join(str(k + 1) for k in range(header.count(",") + 1))
    path.write_text(f"{header}\n{values}\n")
    np.testing.assert_array_equal(read_inputs(path, signature), [expected])
