import numpy as np
import pytest
import tensorflow as tf
from sklearn.linear_model import LogisticRegression

from alen_tf.models import optimizers
from alen_tf.models.feed_forward import FeedForward
from alen_tf.networks.mlp import MLP
from tests.steps import step

from . import by_hand


@pytest.fixture
def model(build):
    return build(FeedForward(MLP(hidden_units=6)))


@pytest.mark.parametrize("weight", [None, [0.5, 0.0, 3.0, 1.0]])
def test_step_descends_the_mean_cross_entropy(model, batch, assert_gradient_step, weight):
    x, y_true = batch
    before = by_hand.weights_of(model.inference_network)

    def loss(weights):
        errors = by_hand.cross_entropy(by_hand.mlp(weights, x), y_true).sum(axis=1)
        return np.mean(errors * (1.0 if weight is None else weight))

    scalars = step(model, x, y_true, weight=weight if weight is None else tf.constant(weight))
    assert scalars["inference_loss"].numpy() == pytest.approx(loss(before), rel=1e-5)
    assert_gradient_step(model.inference_network, before, loss)


def test_prediction_is_a_path_of_one_output(model, batch):
    x, _ = batch
    path = model.path(x, steps=3)
    expected = by_hand.sigmoid(by_hand.mlp(by_hand.weights_of(model.inference_network), x))
    assert len(path) == 1
    np.testing.assert_allclose(path[0], expected, rtol=1e-5)


def test_logistic_regression_reaches_the_optimum_of_scikit_learn():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3)).astype(np.float32)
    y = np.float32(x @ rng.normal(size=(3, 2)) + rng.normal(size=(60, 2)) > 0)
    c = 0.5
    # scikit-learn sums the losses of examples and we take their mean: l2 = 1 / (C n).
    model = FeedForward(MLP(hidden_layers=0, l2=1 / (c * len(x))))
    model.build((None, 3), (None, 2))
    model.compile(inference_optimizer=optimizers.sgd(500, 1.0))
    compiled = tf.function(lambda *batch: step(model, *batch))
    for _ in range(500):
        compiled(tf.constant(x), tf.constant(y))
    for label in range(2):
        expected = LogisticRegression(C=c, tol=1e-8).fit(x, y[:, label])
        kernel, bias = model.inference_network.get_weights()
        np.testing.assert_allclose(kernel[:, label], expected.coef_[0], atol=1e-4)
        np.testing.assert_allclose(bias[label], expected.intercept_[0], atol=1e-4)
