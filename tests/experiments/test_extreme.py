import collections

import numpy as np
from sklearn.datasets import load_svmlight_file

from experiments import extreme


def test_rows_are_libsvm_with_the_statistics_that_are_promised(tmp_path):
    path = tmp_path / "rows.svm"
    path.write_text("\n".join(extreme.generated(3000, 2000, 50)) + "\n")
    x, labels = load_svmlight_file(str(path), multilabel=True, zero_based=False)
    assert x.shape[0] == 3000
    assert set(x.data) == {1.0}
    assert 0.6 * extreme.WORDS < np.mean(np.diff(x.indptr)) <= extreme.WORDS
    assert all(list(those) == sorted(set(those)) for those in labels)
    counts = collections.Counter(label for those in labels for label in those)
    assert 1.8 < sum(counts.values()) / 3000 <= 2.0  # of 1 + Poisson(1), some of which are equal
    expected = extreme.zipf(50)
    assert counts[0] / counts[40] > 0.7 * expected[0] / expected[40] > 2


def test_labels_are_told_by_words():
    """A label's words are far more frequent in its rows than elsewhere."""
    lines = list(extreme.generated(2000, 500, 10, seed=1))
    again = list(extreme.generated(2000, 500, 10, seed=1))
    assert lines == again != list(extreme.generated(2000, 500, 10, seed=2))
    has = np.zeros((2000, 500), bool)
    with_label = np.zeros(2000, bool)
    for row, line in enumerate(lines):
        labels, *words = line.split()
        has[row, [int(word.split(":")[0]) - 1 for word in words]] = True
        with_label[row] = "9" in labels.split(",")
    ratio = has[with_label].mean(axis=0) / np.maximum(has[~with_label].mean(axis=0), 1e-3)
    assert np.sort(ratio)[-20:].min() > 3
