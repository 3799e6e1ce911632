import pytest
from scipy import sparse

from alen_tf.datasets.readers import label_sets


def test_too_many_labels_are_one_line_before_anything_is_dense():
    said = r"^Y: 100,000 rows of 10,000 labels are more .*/sharded\.gin$"
    with pytest.raises(ValueError, match=said):
        label_sets.read(sparse.csr_array((100_000, 10_000)))
    made, labels = label_sets.read(sparse.eye_array(4, 3, format="csr"))
    assert made.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]]
    assert labels.tolist() == [0, 1, 2]
