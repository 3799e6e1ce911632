"""Errors by the purity of superpixels, against counts by hand."""

import numpy as np
import pytest

from experiments import superpixels


def test_purity_is_the_share_of_the_most_frequent_class():
    votes = np.array([[3, 1, 0], [0, 2, 0], [0, 0, 2]])

    assert superpixels.purity(votes) == pytest.approx([3 / 4, 1.0, 1.0])


def test_the_table_shares_out_superpixels_and_errors_by_purity():
    purities = np.array([0.5, 0.8, 0.9, 0.96, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    hits = np.array([False, True, False, True, True, True, True, True, False, False])

    rows = superpixels.table(hits, purities).splitlines()[2:]

    assert [[cell.strip() for cell in row.strip("|").split("|")] for row in rows] == [
        ["below 0.8", "10.0", "25.0", "0.0"],
        ["0.8 to 0.95", "20.0", "25.0", "50.0"],
        ["0.95 to 1", "10.0", "0.0", "100.0"],
        ["1", "60.0", "50.0", "66.7"],
    ]
