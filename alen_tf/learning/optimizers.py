"""Optimizers whose learning-rate schedules are fractions of a run, so that a longer run needs no
new numbers."""

import gin
import keras


@gin.register
def sgd(total_steps, learning_rate=0.1, momentum=0.0, drops=(), cosine=False):
    """Plain SGD; `drops` and `cosine` as in `schedule`."""
    rate = schedule(total_steps, learning_rate, drops, cosine)
    return keras.optimizers.SGD(rate, momentum=momentum)


@gin.register
def adam(total_steps, learning_rate=1e-3, beta_1=0.5, weight_decay=0.0, drops=(), cosine=False):
    """Adam with the paper's beta_1 = 0.5, or AdamW where `weight_decay` > 0; the rest as in
    `schedule`."""
    rate = schedule(total_steps, learning_rate, drops, cosine)
    if weight_decay:
        return keras.optimizers.AdamW(rate, beta_1=beta_1, weight_decay=weight_decay)
    return keras.optimizers.Adam(rate, beta_1=beta_1)


def schedule(total_steps, learning_rate, drops=(), cosine=False):
    """A learning rate over a run of `total_steps` training steps.

    Args:
      total_steps: length of the run.
      learning_rate: the rate at its start.
      drops: fractions of the run in (0, 1), ascending; the rate is divided by 10 at each.
      cosine: decay to zero along a half cosine instead.

    Returns:
      A float or a Keras schedule.

    Raises:
      ValueError: both kinds of decay are asked for.
    """
    if drops and cosine:
        raise ValueError("a learning rate either drops or follows a cosine, not both")
    if cosine:
        return keras.optimizers.schedules.CosineDecay(learning_rate, total_steps)
    if drops:
        boundaries = [int(total_steps * fraction) for fraction in drops]
        rates = [learning_rate * 0.1**k for k in range(len(drops) + 1)]
        return keras.optimizers.schedules.PiecewiseConstantDecay(boundaries, rates)
    return learning_rate
