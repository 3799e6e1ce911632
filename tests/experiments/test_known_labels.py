"""What known labels are worth."""

import numpy as np
import pytest

from experiments import known_labels

NAN = np.nan


def test_measures():
    sets = np.array([[1, 0], [1, 1], [0, 0], [0, 1]], bool)
    truth = np.array([[1, 0], [1, 0], [0, 0], [0, 0]], bool)
    all_rows, to_find = known_labels.MEASURES
    assert known_labels.f1(sets, truth, all_rows) == pytest.approx((1 + 2 / 3 + 1 + 0) / 4)
    assert known_labels.f1(sets, truth, to_find) == pytest.approx((1 + 2 / 3) / 2)


def test_sets_are_of_unknown_labels():
    p, known = np.array([[0.9, 0.1], [0.9, 0.1]]), np.array([[NAN, NAN], [1, NAN]])
    may_be_none, finds_one = (known_labels.expected(p, known, m) for m in known_labels.MEASURES)
    np.testing.assert_array_equal(may_be_none, [[True, False], [False, False]])
    np.testing.assert_array_equal(finds_one, [[True, False], [False, True]])


@pytest.mark.slow
def test_rivals_use_what_is_known(random, monkeypatch):
    """The second label is the first one, which x does not tell."""
    monkeypatch.setattr(known_labels, "STEPS", (800, 800))
    x, y = random.randn(200, 3).astype(np.float32), np.repeat(random.rand(200, 1) < 0.5, 2, axis=1)
    y = np.uint8(y)
    known = np.where([True, False], y, NAN)
    for rival in (known_labels.MaskTrained(x, y, 30, 0), known_labels.MaskTrained(x, y, 0, 0)):
        found = rival(x, known)[:, 1]
        assert found[y[:, 0] == 1].mean() > found[y[:, 0] == 0].mean() + 0.3
    chains = [known_labels.Chain(x, y, seed) for seed in range(8)]
    assert {tuple(chain._order) for chain in chains} == {(0, 1), (1, 0)}
    for chain in chains:  # what is known later in a chain does not reach earlier labels
        found = chain(x, known)[:, 1]
        apart = found[y[:, 0] == 1].mean() - found[y[:, 0] == 0].mean()
        assert (apart > 0.25) == (tuple(chain._order) == (0, 1))
