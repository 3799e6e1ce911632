import pytest

from alen_tf.datasets.weizmann_horses import read_rows, weizmann_horses
from experiments.segmentation import without_copies


@pytest.mark.real_data
def test_a_figure_shows_no_horse_twice(real_data):
    x = weizmann_horses(real_data).test.x
    rows = read_rows(real_data / "weizmann_horses" / "test.txt", 328).tolist()
    one, other = rows.index(170), rows.index(117)
    assert without_copies(x, [3, one, 4, other, 5]) == [3, one, 4, 5]
    assert without_copies(x, [other, one, one]) == [other]
