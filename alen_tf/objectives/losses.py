"""Losses of the paper, Eq. 2, 3, 5, 6, 7 and 11, and the structured hinge of SPEN.

Every function returns one value per example, [batch]; methods take the mean, where the paper writes
a sum over the data set; this affects only the learning rate. Arguments named `v_...` are values
v(x, y) and arguments named `s_...` are scores, with v = sigmoid(s) where the value must live in [0,
1] as oracle values do.
"""

import gin
import tensorflow as tf

from alen_tf.configured import named, register
from alen_tf.objectives import oracles


def generalized_perceptron(v_highest, v_true):
    """Eq. 2: max_y v(x, y) - v(x, y*)."""
    return v_highest - v_true


def structured_hinge(cost, s_offending, s_true):
    """[cost(y, y*) + s(x, y) - s(x, y*)]_+, at the most offending y: SPEN's loss.

    Belanger & McCallum (ICML 2016), with the score s = -E: Eq. 2 with a margin that grows with how
    wrong y is.
    """
    return tf.nn.relu(cost + s_offending - s_true)


def min_max(v_true, v_inference):
    """Eq. 3: v(x, y*) - v(x, g(x)); the energy network maximises it, the inference network
    minimises it."""
    return v_true - v_inference


def min_max_refined(v_true, v_inference, v_refined):
    """Eq. 5: v(x, y*) - v(x, g(x)) - v(x, y''); like Eq. 3, with the refined output as a second
    opponent."""
    return v_true - v_inference - v_refined


@gin.register
@register
def squared_difference(y, y_true):
    """sum_i (y_i - y*_i)^2: a smooth cost that counts wrong variables."""
    return tf.reduce_sum(tf.square(y - y_true), axis=list(range(1, len(y.shape))))


@gin.register
@register
def squared_error(score, target):
    """1/2 (sigmoid(s) - target)^2: the distance in Eq. 6 and 7."""
    return 0.5 * tf.square(tf.sigmoid(score) - target)


@gin.register
@register
def cross_entropy(score, target):
    """-target log v - (1 - target) log(1 - v), v = sigmoid(s): DVN's distance to the oracle
    value.

    Computed as log(1 + e^s) - target s, which is equal up to rounding of the score.
    """
    return tf.math.softplus(score) - target * score


def energy_loss_terms(
    s_true, s_inference, s_refined, h_inference, h_refined, lambda_v, beta_v, regression_loss
):
    """Eq. 6, term by term: how far the values of y*, y' and y'' are from their oracle values.

    Args:
      s_true, s_inference, s_refined: scores of y*, y' = g(x) and y'', [batch].
      h_inference, h_refined: the oracle values h(y', y*) and h(y'', y*), [batch]; that of y* is 1.
      lambda_v, beta_v: weights of the second and the third term.
      regression_loss: `squared_error` (the paper) or `cross_entropy`.

    Returns:
      The terms 6a, 6b and 6c, weighted, by name; their sum is the loss.
    """
    return {
        "truth": regression_loss(s_true, 1.0),
        "inference_network": lambda_v * regression_loss(s_inference, h_inference),
        "refined": beta_v * regression_loss(s_refined, h_refined),
    }


def inference_loss_terms(task_loss, s_inference, task_weight, lambda_g):
    """Eq. 11, term by term: L_task + lambda_g L_adv, with L_adv of Eq. 7: v(x, y') should reach 1.

    Args:
      task_loss: surrogate loss of g(x) against y*, [batch].
      s_inference: score of y' = g(x), [batch].
      task_weight: 1 in the paper; 0 removes L_task.
      lambda_g: weight of the adversarial term.
    """
    return {
        "task": task_weight * task_loss,
        "adversarial": lambda_g * squared_error(s_inference, 1.0),
    }


REGRESSION_LOSSES = {"squared_error": squared_error, "cross_entropy": cross_entropy}
COSTS = {"squared_difference": squared_difference, "f1_cost": oracles.f1_cost}


def get_regression_loss(loss):
    """The regression loss with this name, or `loss` itself if it is a function of (score, target).

    Raises:
      ConfigError: the name is unknown.
    """
    return named(REGRESSION_LOSSES, loss, "regression loss")


def get_cost(cost):
    """The margin's cost with this name, or `cost` itself if it is a function of (y, y*).

    Raises:
      ConfigError: the name is unknown.
    """
    return named(COSTS, cost, "cost")
