import numpy as np
import pytest

from alen_tf.datasets.splits import Examples, hold_out


@pytest.fixture
def examples():
    return Examples(np.arange(40).reshape(20, 2), np.arange(20).reshape(20, 1))


def test_take_keeps_pairs_together(examples):
    taken = examples.take([3, 1])
    assert len(examples) == 20
    assert len(taken) == 2
    np.testing.assert_array_equal(taken.x, [[6, 7], [2, 3]])
    np.testing.assert_array_equal(taken.y, [[3], [1]])


@pytest.mark.parametrize(("fraction", "count"), [(0.1, 2), (0.25, 5), (0.0, 0)])
def test_hold_out_parts_the_examples(examples, fraction, count):
    rest, held_out = hold_out(examples, fraction)
    assert len(held_out) == count
    together = np.concatenate([rest.y, held_out.y]).ravel()
    assert sorted(together) == list(range(20))
    for part in (rest, held_out):
        assert np.all(np.diff(part.y.ravel()) > 0)  # in the order of the examples
        np.testing.assert_array_equal(part.x[:, 0], 2 * part.y.ravel())


def test_hold_out_depends_on_number_and_seed_alone(examples):
    other = Examples(np.zeros((20, 3)), np.arange(20).reshape(20, 1))
    np.testing.assert_array_equal(hold_out(examples)[1].y, hold_out(other)[1].y)
    assert set(hold_out(examples, 0.5)[1].y.ravel()) != set(
        hold_out(examples, 0.5, seed=1)[1].y.ravel()
    )
    # Pinned: another choice would silently change every validation score.
    np.testing.assert_array_equal(hold_out(examples)[1].y.ravel(), [1, 18])


def test_missing_labels_are_not_counted_as_present():
    y = np.array([[1, np.nan, 0], [1, 0, np.nan]], np.float32)
    found = Examples(np.zeros((2, 1)), y)
    assert found.incomplete
    np.testing.assert_array_equal(found.label_counts, [2, 0, 0])
