"""Label sets drawn from conditionals, and mean oracle values to them."""

import itertools

import numpy as np
import pytest

from alen_tf.errors import ConfigError
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
    drawn = energy.encode(logits[None], known[None]).numpy()[0]
    for y, chance in expected.items():
        share = np.mean(np.all(drawn == y, axis=1))
        assert share == pytest.approx(chance, abs=4 * np.sqrt(chance * (1 - chance) / 4000))


def test_labels_beyond_the_most_probable_are_absent_for_the_others():
    """Label 0, the most probable one, is surer where label 1 is absent."""
    energy = made(np.random.RandomState(0), samples=4000, most=1)
    of = energy.conditionals
    of.set_weights([np.zeros(weight.shape) for weight in of.get_weights()])
    of.of_negative.assign(np.float32([[0] * 4, [1, 0, 0, 0], [0] * 4]))
    of.output_kernel.assign(np.float32([[2, 0, 0, 0], [0] * 4, [0] * 4]))
    for known, logit in ((NAN, 2.5), (0, 2.5), (1, 0.5)):
        given = np.float32([[NAN, known, NAN]])
        drawn = energy.encode(np.float32([[0.5, -0.5, -1]]), given).numpy()[0]
        np.testing.assert_array_equal(drawn[:, 1:], [[known == 1, 0]] * 4000)
        assert drawn[:, 0].mean() == pytest.approx(by_hand.sigmoid(logit), abs=0.03)


def test_known_labels_are_kept_and_rows_do_not_depend_on_each_other(random):
    energy = made(random, labels=6, samples=20, most=4)
    logits = np.float32(random.randn(8, 6))
    known = np.where(random.rand(8, 6) < 0.5, random.randint(0, 2, (8, 6)), NAN).astype(np.float32)
    drawn = energy.encode(logits, known).numpy()
    assert set(np.unique(drawn)) <= {0.0, 1.0}
    rows, labels = np.nonzero(~np.isnan(known))
    np.testing.assert_array_equal(
        drawn[rows, :, labels], np.repeat(known[rows, labels, None], 20, axis=1)
    )
    np.testing.assert_array_equal(energy.encode(logits[5:6], known[5:6])[0], drawn[5])


@pytest.mark.parametrize("oracle", ["f1", "iou"])
def test_values_are_mean_oracle_values(random, oracle):
    energy = made(random, labels=5, samples=30, oracle=oracle)
    logits = np.float32(random.randn(4, 5) - 2)
    y = np.float32([random.rand(5), random.rand(5) < 0.5, np.zeros(5), np.ones(5)])
    drawn = np.float64(energy.encode(logits))
    both = np.minimum(drawn, y[:, None]).sum(axis=2)
    either = np.maximum(drawn, y[:, None]).sum(axis=2)
    with np.errstate(invalid="ignore"):
        value = 2 * both / (both + either) if oracle == "f1" else both / either
    expected = np.where(either == 0, 1.0, value).mean(axis=1)
    np.testing.assert_allclose(by_hand.sigmoid(energy([logits, y])), expected, atol=2e-4)


def test_mistakes_are_named():
    with pytest.raises(ConfigError, match=r"SampledOracle\.samples is 0"):
        SampledOracle(samples=0)
    with pytest.raises(ConfigError, match="oracle 'dice' is unknown; known are f1, iou"):
        SampledOracle(oracle="dice")
