import numpy as np
import pytest
import tensorflow as tf
from sklearn.linear_model import LogisticRegression

from alen_tf.inference.spaces import Box
from alen_tf.models import optimizers
from alen_tf.models.feed_forward import FeedForward
from alen_tf.networks.mlp import MLP
from alen_tf.objectives import oracles
from tests.steps import step


def test_step_descends_the_mean_cross_entropy(batch, build, sgd, hand):
    x, y_true = batch
    learner = build(FeedForward(lambda outputs: MLP(outputs, hidden_units=6), sgd))
    before = hand.weights_of(learner.inference_network)

    def loss(weights):
        return hand.cross_entropy(hand.mlp(weights, x), y_true).sum(axis=1).mean()

    scalars = step(learner, x, y_true)
    assert scalars["inference_loss"].numpy() == pytest.approx(loss(before), rel=1e-5)
    hand.assert_gradient_step(learner.inference_network, before, loss)


def test_prediction_is_a_path_of_one_output(batch, build, sgd, hand):
    x, _ = batch
    learner = build(FeedForward(lambda outputs: MLP(outputs, hidden_units=6), sgd))
    path = learner.predict(x, steps=3)
    expected = hand.sigmoid(hand.mlp(hand.weights_of(learner.inference_network), x))
    assert len(path) == 1
    np.testing.assert_allclose(path[0], expected, rtol=1e-5)


def test_logistic_regression_reaches_the_optimum_of_scikit_learn():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3)).astype(np.float32)
    y = np.float32(x @ rng.normal(size=(3, 2)) + rng.normal(size=(60, 2)) > 0)
    c = 0.5
    learner = FeedForward(
        # scikit-learn sums the losses of examples and we take their mean: l2 = 1 / (C n).
        lambda outputs: MLP(outputs, hidden_layers=0, l2=1 / (c * len(x))),
        lambda total_steps: optimizers.sgd(total_steps, 1.0),
    )
    learner.build((3,), (2,), Box(), oracles.f1, total_steps=500)
    compiled = tf.function(lambda *batch: step(learner, *batch))
    for _ in range(500):
        compiled(tf.constant(x), tf.constant(y))
    for label in range(2):
        expected = LogisticRegression(C=c, tol=1e-8).fit(x, y[:, label])
        kernel, bias = learner.inference_network.get_weights()
        np.testing.assert_allclose(kernel[:, label], expected.coef_[0], atol=1e-4)
        np.testing.assert_allclose(bias[label], expected.intercept_[0], atol=1e-4)
