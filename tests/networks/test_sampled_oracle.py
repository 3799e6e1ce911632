"""Label sets drawn from conditionals, and mean oracle values to them."""

import itertools

import numpy as np
import pytest

from alen_tf.errors import ConfigError
from alen_tf.inference import expected_f1
from alen_tf.networks.conditionals import Conditionals
from alen_tf.networks.sampled_oracle import SampledOracle
from tests.models import by_hand

NAN = np.nan


def made(random, labels=3, **options):
    energy = SampledOracle(Conditionals(units=4), **options)
    energy.build([(None, labels), (None, labels)])
    of = energy.conditionals
    of.set_weights([0.8 * random.randn(*each.shape) for each in of.get_weights()])
    return energy


def chances(energy, logits, known):
    """P(y | logits, known) of every label set: the mean over orders of products of conditionals."""
    labels, found = len(logits), {}
    unknown = [i for i in range(labels) if np.isnan(known[i])]
    orders = list(itertools.permutations(unknown))
    for values in itertools.product([0, 1], repeat=len(unknown)):
        total, y = 0.0, known.copy()
        y[unknown] = values
        for order in orders:
            given, chance = known.copy(), 1.0
            for i in order:
                logit = energy.conditionals(logits[None], given[None]).numpy()[0, i]
                p = by_hand.sigmoid(np.float64(logit))
                chance *= p if y[i] else 1 - p
                given[i] = y[i]
            total += chance / len(orders)
        found[tuple(y)] = total
    return found


@pytest.mark.parametrize("known", [[NAN, NAN, NAN], [NAN, 1, NAN]])
def test_sets_come_as_often_as_their_chances_say(random, known):
    energy = made(random, samples=4000)
    logits, known = np.float32(random.randn(3)), np.float32(known)
    expected = chances(energy, logits, known)
    assert sum(expected.values()) == pytest.approx(1.0)
    drawn = energy.encode(logits[None], known[None])
    p = drawn.expected.marginals.numpy()[0]
    given = [energy.conditionals(logits[None], known[None]).numpy()[0], known]
    np.testing.assert_allclose(
        p, np.where(np.isnan(known), by_hand.sigmoid(given[0]), known), rtol=1e-5
    )
    for y, chance in expected.items():
        alone = np.prod(np.where(y, p, 1 - p))
        for sets, each in ((drawn.sets, chance), (drawn.independent, alone)):
            share = np.mean(np.all(sets.numpy()[0] == y, axis=1))
            assert abs(share - each) <= 4 * np.sqrt(each * (1 - each) / 4000)


def test_only_the_most_probable_unknown_labels_are_drawn(random):
    energy = made(random, samples=4000, most=1)
    for known in (NAN, 0, 1):
        given = np.float32([[NAN, known, NAN]])
        drawn = energy.encode(np.float32([[0.5, 9.0, -1]]), given)
        number = 1 if np.isnan(known) else 0
        for sets in (drawn.sets, drawn.independent):
            others = np.delete(sets.numpy()[0], number, axis=1)
            expected = [0, 0] if np.isnan(known) else [known, 0]
            np.testing.assert_array_equal(others, np.tile(expected, (4000, 1)))
            share = sets.numpy()[0, :, number].mean()
            assert share == pytest.approx(drawn.expected.marginals.numpy()[0, number], abs=1e-3)


def test_known_labels_are_kept_and_rows_do_not_depend_on_each_other(random):
    energy = made(random, labels=6, samples=20, most=4)
    logits = np.float32(random.randn(8, 6))
    known = np.where(random.rand(8, 6) < 0.5, random.randint(0, 2, (8, 6)), NAN).astype(np.float32)
    rows, labels = np.nonzero(~np.isnan(known))
    found, alone = energy.encode(logits, known), energy.encode(logits[5:6], known[5:6])
    for drawn, one in ((found.sets, alone.sets), (found.independent, alone.independent)):
        drawn = drawn.numpy()
        assert set(np.unique(drawn)) <= {0.0, 1.0}
        np.testing.assert_array_equal(
            drawn[rows, :, labels], np.repeat(known[rows, labels, None], 20, axis=1)
        )
        np.testing.assert_array_equal(one[0], drawn[5])


@pytest.mark.parametrize("oracle", ["f1", "iou"])
def test_values_are_mean_oracle_values(random, oracle):
    energy = made(random, labels=5, samples=30, oracle=oracle)
    logits = np.float32(random.randn(4, 5) - 2)
    y = np.float32([random.rand(5) < 0.5, [0, 1, 0, 0, 1], np.zeros(5), np.ones(5)])
    drawn = energy.encode(logits)

    def mean(sets):
        both = np.minimum(sets, y[:, None]).sum(axis=2)
        either = np.maximum(sets, y[:, None]).sum(axis=2)
        with np.errstate(invalid="ignore"):
            value = 2 * both / (both + either) if oracle == "f1" else both / either
        return np.where(either == 0, 1.0, value).mean(axis=1)

    value = mean(np.float64(drawn.sets))
    if oracle == "f1":
        p = drawn.expected.marginals.numpy()
        value += expected_f1.value(p, y) - mean(np.float64(drawn.independent))
    np.testing.assert_allclose(
        by_hand.sigmoid(energy([logits, y])), np.clip(value, 1e-4, 1 - 1e-4), atol=1e-5
    )


def test_where_labels_are_independent_nothing_is_left_to_chance(random):
    energy = SampledOracle(samples=2)  # its conditionals start as marginals
    logits = np.float32(random.randn(20, 7))
    y = np.float32(random.rand(20, 7) < 0.5)
    expected = expected_f1.value(by_hand.sigmoid(logits), y)
    np.testing.assert_allclose(by_hand.sigmoid(energy([logits, y])), expected, atol=2e-4)


def test_mistakes_are_named():
    with pytest.raises(ConfigError, match=r"SampledOracle\.samples is 0"):
        SampledOracle(samples=0)
    with pytest.raises(ConfigError, match="oracle 'dice' is unknown; expected one of f1, iou"):
        SampledOracle(oracle="dice")
