import numpy as np
import pytest
import tensorflow as tf

from alen_tf.inference.ascent import GradientAscent
from alen_tf.models.dvn import DVN
from alen_tf.models.learner import replace_first
from alen_tf.networks.mlp import MLPEnergy
from tests.steps import step

STEPS, ETA, ADVERSARY = 3, 0.7, 0.9


@pytest.fixture
def make_learner(build, sgd, hand):
    def make(**changes):
        dvn = DVN(
            energy=lambda outputs: MLPEnergy(outputs, hidden_units=6, global_units=3, l2=hand.L2),
            energy_optimizer=sgd,
            inference=GradientAscent(STEPS, ETA, normalize=False),
            adversary=GradientAscent(1, ADVERSARY, normalize=False),
            prediction=GradientAscent(STEPS, ETA, normalize=False),
            truth=0.2,
            inferred=0.5,
            adversarial=0.3,
            uninformed=0.5,
            **changes,
        )
        return build(dvn)

    return make


@pytest.fixture
def learner(make_learner):
    return make_learner()


def climb(hand, weights, x, y):
    """The path of inference, Eq. 4 with v = sigmoid(s)."""
    path = [y]
    for _ in range(STEPS):
        v = hand.sigmoid(hand.score(weights, x, y))[:, None]
        y = np.clip(y + ETA * v * (1 - v) * hand.slope(weights, x, y), 0, 1)
        path.append(y)
    return path


CHANGES = [{}, {"anywhere": True}, {"mixed": 0.75}, {"mixed": 0.75, "crisp": True}]


@pytest.mark.parametrize("iteration", [0, 1])
@pytest.mark.parametrize("changes", CHANGES, ids=str)
def test_step_regresses_on_oracle_values_of_three_kinds_of_tuples(
    make_learner, batch, hand, changes, iteration
):
    learner = make_learner(**changes)
    learner.energy_optimizer.iterations.assign(iteration)
    x, y_true = batch
    before = hand.weights_of(learner.energy)
    first = np.zeros_like(y_true)
    if "mixed" in changes:  # all but the last
        places = tf.random.stateless_uniform((4, 1), (iteration, 0)).numpy()
        first[:3] = (places * np.roll(y_true, 1, axis=0))[:3]
    if "crisp" in changes:  # the second of these: the first one's truth
        first[1] = y_true[0]
    path = climb(hand, before, x, first)
    inferred = path[-1]
    if "anywhere" in changes:  # one example of each step
        inferred = np.stack([path[(t + iteration) % 4][t] for t in range(4)])
    start = y_true.copy()
    start[:2] = 0  # half of the adversarial tuples start at the uninformed output
    v = hand.sigmoid(hand.score(before, x, start))
    surplus = (v - hand.f1(start, y_true))[:, None]  # d CE / d s
    adversarial = np.clip(start + ADVERSARY * surplus * hand.slope(before, x, start), 0, 1)

    def loss(weights):
        def error(y):
            return hand.cross_entropy(hand.score(weights, x, y), hand.f1(y, y_true)).mean()

        tuples = 0.2 * error(y_true) + 0.5 * error(inferred) + 0.3 * error(adversarial)
        return tuples + hand.penalty(weights)

    scalars = step(learner, x, y_true)
    expected = loss(before) - hand.penalty(before)  # which the update adds
    assert scalars["energy_loss"].numpy() == pytest.approx(expected, rel=1e-5)
    hand.assert_gradient_step(learner.energy, before, loss)


def test_adversarial_outputs_are_judged_worse(learner, batch):
    x, y_true = batch
    z = learner.energy.encode(x)
    y = replace_first(y_true, tf.zeros_like(y_true), 0.5)
    worse = learner.adversary(lambda y: learner.error(z, y, y_true), y, learner.space)[-1]
    assert np.all(np.any(worse != y, axis=1))
    h = learner.oracle(y, y_true)
    v, v_worse = learner.value(z, y), learner.value(z, worse)
    assert np.all(np.abs(v_worse - h) > np.abs(v - h))


def test_prediction_climbs_from_the_uninformed_output(learner, batch, hand):
    x, y_true = batch
    path = learner.predict(x)
    assert len(path) == STEPS + 1
    np.testing.assert_array_equal(path[0], np.zeros_like(y_true))
    expected = climb(hand, hand.weights_of(learner.energy), x, np.zeros_like(y_true))[-1]
    np.testing.assert_allclose(path[-1], expected, atol=1e-5)
    assert len(learner.predict(x, steps=1)) == 2
