import numpy as np
import pytest

from alen_tf.datasets import splits, stratified
from alen_tf.datasets.splits import Examples


@pytest.fixture
def examples(random):
    """120 rows, of which 10, 20 and 60 have labels, and some none."""
    y = np.zeros((120, 3), np.uint8)
    for label, count in enumerate((10, 20, 60)):
        y[random.permutation(120)[:count], label] = 1
    return Examples(np.arange(120)[:, None], y, weight=np.arange(120.0))


def test_every_label_is_held_out_by_its_share(examples):
    for seed in range(5):
        rest, held_out = stratified.hold_out(examples, 0.2, seed)
        np.testing.assert_allclose(held_out.y.sum(axis=0), [2, 4, 12], atol=1)
        assert (held_out.y[:, 0]).sum() >= 1
        none = ~examples.y.any(axis=1)
        assert (~held_out.y.any(axis=1)).sum() == pytest.approx(0.2 * none.sum(), abs=1.5)
        assert len(held_out) == pytest.approx(24, abs=2)
        for part in (rest, held_out):
            assert np.all(np.diff(part.x[:, 0]) > 0)  # in the order of the examples
            np.testing.assert_array_equal(part.y, examples.y[part.x[:, 0]])
            np.testing.assert_array_equal(part.weight, part.x[:, 0])
        together = np.concatenate([rest.x, held_out.x]).ravel()
        assert sorted(together) == list(range(120))


def test_at_random_a_label_may_be_missing(examples):
    counts = [splits.hold_out(examples, 0.2, seed)[1].y[:, 0].sum() for seed in range(40)]
    assert min(counts) == 0
    counts = [stratified.hold_out(examples, 0.2, seed)[1].y[:, 0].sum() for seed in range(40)]
    assert min(counts) >= 1


def test_the_same_seed_holds_the_same_out(examples):
    first, again, other = (stratified.hold_out(examples, 0.2, seed)[1].x for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_few_rows():
    examples = Examples(np.zeros((2, 1)), np.eye(2, dtype=np.uint8))
    assert [len(part) for part in stratified.hold_out(examples, 0.2)] == [2, 0]
    assert [len(part) for part in stratified.hold_out(examples, 0.5)] == [1, 1]
