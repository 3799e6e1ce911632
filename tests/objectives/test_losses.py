import numpy as np
import pytest
import tensorflow as tf

from alen_tf.errors import ConfigError
from alen_tf.objectives import losses, oracles


def constant(*values):
    return tf.constant(values, tf.float32)


def sigmoid(s):
    return 1.0 / (1.0 + np.exp(-np.asarray(s, np.float64)))


def test_generalized_perceptron_is_equation_2():
    found = losses.generalized_perceptron(v_highest=constant(0.9, 0.4), v_true=constant(0.25, 0.5))
    np.testing.assert_allclose(found, [0.65, -0.1], rtol=1e-6)


def test_min_max_is_equation_3():
    found = losses.min_max(v_true=constant(0.25, 0.5), v_inference=constant(0.75, 0.125))
    np.testing.assert_allclose(found, [-0.5, 0.375])


def test_min_max_refined_is_equation_5():
    found = losses.min_max_refined(
        v_true=constant(0.25, 1.0),
        v_inference=constant(0.75, 0.125),
        v_refined=constant(0.5, 0.0625),
    )
    np.testing.assert_allclose(found, [-1.0, 0.8125])


def test_squared_error_is_half_the_square_of_the_value():
    # sigmoid(0) = 1/2, sigmoid(log 3) = 3/4
    found = losses.squared_error(constant(0.0, np.log(3.0)), constant(1.0, 0.25))
    np.testing.assert_allclose(found, [0.125, 0.125], rtol=1e-6)


def test_cross_entropy_by_hand():
    scores, targets = constant(0.0, np.log(3.0), -2.0), constant(1.0, 0.25, 0.6)
    value = sigmoid(scores)
    expected = -targets * np.log(value) - (1 - targets) * np.log(1 - value)
    np.testing.assert_allclose(losses.cross_entropy(scores, targets), expected, rtol=1e-5)
    assert losses.cross_entropy(constant(0.0), 1.0).numpy()[0] == pytest.approx(np.log(2))


def test_cross_entropy_of_extreme_scores_is_finite():
    found = losses.cross_entropy(constant(200.0, -200.0), constant(0.0, 1.0))
    np.testing.assert_allclose(found, [200.0, 200.0])


@pytest.mark.parametrize("loss", [losses.squared_error, losses.cross_entropy])
def test_a_number_is_a_target_for_the_whole_batch(loss):
    scores = constant(-1.0, 0.5, 2.0)
    np.testing.assert_array_equal(loss(scores, 1.0), loss(scores, tf.ones(3)))


def test_energy_loss_terms_are_equation_6():
    s_true, s_inference, s_refined = [0.3, -1.0], [1.2, 0.1], [-0.4, 2.5]
    b, c = [0.5, 0.2], [0.7, 0.9]
    found = losses.energy_loss_terms(
        constant(*s_true),
        constant(*s_inference),
        constant(*s_refined),
        h_inference=constant(*b),
        h_refined=constant(*c),
        lambda_v=0.3,
        beta_v=4.0,
        regression_loss=losses.squared_error,
    )
    assert list(found) == ["truth", "inference_network", "refined"]
    expected = [
        0.5 * (sigmoid(s_true) - 1.0) ** 2,  # 6a
        0.3 / 2 * (sigmoid(s_inference) - b) ** 2,  # 6b
        4.0 / 2 * (sigmoid(s_refined) - c) ** 2,  # 6c
    ]
    np.testing.assert_allclose(list(found.values()), expected, rtol=1e-5)


def test_energy_loss_terms_use_the_regression_loss_that_is_asked_for():
    scores = [constant(s) for s in (0.3, 1.2, -0.4)]
    found = losses.energy_loss_terms(
        *scores, constant(0.5), constant(0.7), 0.3, 4.0, losses.cross_entropy
    )
    v = sigmoid([0.3, 1.2, -0.4])
    expected = [
        -np.log(v[0]),
        -0.3 * (0.5 * np.log(v[1]) + 0.5 * np.log(1 - v[1])),
        -4.0 * (0.7 * np.log(v[2]) + 0.3 * np.log(1 - v[2])),
    ]
    np.testing.assert_allclose(np.ravel(list(found.values())), expected, rtol=1e-5)


def test_inference_loss_terms_are_equations_7_and_11():
    s = [0.3, -1.0]
    found = losses.inference_loss_terms(
        constant(2.0, 5.0), constant(*s), task_weight=0.25, lambda_g=3.0
    )
    assert list(found) == ["task", "adversarial"]
    np.testing.assert_allclose(found["task"], [0.5, 1.25])
    np.testing.assert_allclose(found["adversarial"], 3.0 / 2 * (sigmoid(s) - 1.0) ** 2, rtol=1e-5)


def test_adversarial_term_keeps_least_squares_gradient():
    # Eq. 7 differentiated by hand, with d = 1: (v - d) v (1 - v).
    s = tf.Variable([0.3, -1.0])
    with tf.GradientTape() as tape:
        terms = losses.inference_loss_terms(tf.zeros(2), s, 1.0, 2.0)
        loss = tf.reduce_sum(terms["adversarial"])
    v = sigmoid(s)
    np.testing.assert_allclose(tape.gradient(loss, s), 2 * (v - 1) * v * (1 - v), rtol=1e-5)


def test_losses_and_costs_have_names():
    assert losses.get_regression_loss("squared_error") is losses.squared_error
    assert losses.get_regression_loss("cross_entropy") is losses.cross_entropy
    assert losses.get_cost("squared_difference") is losses.squared_difference
    assert losses.get_cost("f1_cost") is oracles.f1_cost
    for get in (losses.get_regression_loss, losses.get_cost):
        assert get(max) is max
    message = "regression loss 'huber' is unknown; expected one of cross_entropy, squared_error"
    with pytest.raises(ConfigError, match=message):
        losses.get_regression_loss("huber")
    with pytest.raises(
        ConfigError, match="cost 'hamming' is unknown; expected one of f1_cost, squared"
    ):
        losses.get_cost("hamming")


@pytest.mark.parametrize("shape", [(5, 7), (4, 3, 2)])
def test_the_squared_difference_sums_over_variables(random, shape):
    y, y_true = random.rand(2, *shape).astype(np.float32)
    expected = np.square(y - y_true).reshape(shape[0], -1).sum(axis=1)
    found = losses.squared_difference(tf.constant(y), tf.constant(y_true))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_structured_hinge_is_positive_where_an_output_offends():
    found = losses.structured_hinge(constant(1.0, 1.0), constant(0.5, -3.0), constant(0.25, 0.0))
    np.testing.assert_allclose(found, [1.25, 0.0])
