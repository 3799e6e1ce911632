"""Optimizers whose learning-rate schedules are fractions of a run, so that a longer run needs no
new numbers, and whose updates pass over memory few times and add the gradients of Keras's L2."""

import gin
import keras
import tensorflow as tf

from alen_tf.configured import register
from alen_tf.errors import ConfigError, check_number, check_share


def l2_of(variable):
    """The weight of 1/2 ||W||^2 in a variable's `keras.regularizers.L2`, 0 for none."""
    found = getattr(variable, "regularizer", None)  # which variables of TensorFlow lack
    return 2.0 * float(found.l2) if type(found) is keras.regularizers.L2 else 0.0


def regularization(network, optimizer):
    """What Keras keeps in a network's `losses`, but for the L2 that the optimizer adds itself."""
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # of one that scales losses
    if not isinstance(optimizer, OnePass):
        return network.losses
    regularized = _regularized(network)
    # Keras lists what layers add by `add_loss` first, then one loss per regularized variable.
    first = len(network.losses) - len(regularized)
    others = [each.regularizer(each) for each in regularized if not l2_of(each)]
    return network.losses[:first] + others


def penalty(network):
    """The sum of the regularizers of weights that a network learns, a scalar; None where it has
    none."""
    terms = [each.regularizer(each) for each in _regularized(network)]
    return tf.reduce_sum(tf.stack(terms)) if terms else None


def _regularized(network):
    # Not those that are frozen, as in Keras's `losses`.
    return [each for each in network.trainable_variables if each.regularizer is not None]


class OptimizerGroup:
    """The optimizers of a model's networks, as Keras's callbacks see them: one.

    Attributes:
      learning_rate: of the first one; setting it changes all by the same factor.
      built: always true, as the model builds them.
    """

    built = True

    def __init__(self, optimizers):
        """Stores the optimizers, {network: optimizer}."""
        self._optimizers = list(optimizers.values())

    @property
    def learning_rate(self):
        return self._optimizers[0].learning_rate

    @learning_rate.setter
    def learning_rate(self, rate):
        factor = float(rate) / float(self.learning_rate)
        for optimizer in self._optimizers:
            optimizer.learning_rate = factor * float(optimizer.learning_rate)

    @property
    def iterations(self):
        return self._optimizers[0].iterations

    @property
    def variables(self):
        return [each for optimizer in self._optimizers for each in optimizer.variables]


class OnePass:
    """What both optimizers have beside Keras's: they add the gradients of L2 regularizers."""

    def l2(self, variable):
        """`l2_of` a variable that an update is given."""
        return l2_of(self._trainable_variables[self._get_variable_index(variable)])

    def penalised(self, gradient, variable):
        """The gradient of the loss and of the L2 regularizer, shaped like the variable."""
        gradient, l2 = tf.cast(gradient, variable.dtype), self.l2(variable)
        return gradient + l2 * variable if l2 else gradient

    def _all_reduce_sum_gradients(self, grads_and_vars):
        # Keras's sum over replicas is a custom gradient, of which TensorFlow keeps the graph, with
        # weights and data, for as long as the process lives. One replica needs no sum.
        if tf.distribute.get_strategy().num_replicas_in_sync == 1:
            return grads_and_vars
        return super()._all_reduce_sum_gradients(grads_and_vars)


@register
class OnePassSGD(OnePass, keras.optimizers.SGD):
    """Keras's SGD with TensorFlow's kernels: beside networks this small, an update in several
    operations costs as much as the products do."""

    def update_step(self, gradient, variable, learning_rate):
        rate = tf.cast(learning_rate, variable.dtype)
        if not self.momentum:
            if l2 := self.l2(variable):
                # W - rate (gradient + l2 W), without a matrix for the sum.
                variable.assign((1.0 - rate * l2) * variable)
            tf.raw_ops.ResourceApplyGradientDescent(
                var=variable.handle, alpha=rate, delta=tf.cast(gradient, variable.dtype)
            )
            return
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle,
            accum=self.momentums[self._get_variable_index(variable)].value.handle,
            lr=rate,
            grad=self.penalised(gradient, variable),
            momentum=self.momentum,
            use_nesterov=self.nesterov,
        )


@register
class OnePassAdam(OnePass, keras.optimizers.Adam):
    """Keras's Adam, and with `weight_decay` its AdamW, likewise."""

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        # Moments start at zero; what corrects that is one number for all variables.
        step = tf.cast(self.iterations.value + 1, tf.float32)
        correction = tf.sqrt(1.0 - self.beta_2**step) / (1.0 - self.beta_1**step)
        rate = tf.cast(learning_rate, tf.float32) * correction
        super()._backend_update_step(grads, trainable_variables, rate)

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=0.0,
            beta2_power=0.0,
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=self.penalised(gradient, variable),
        )


@gin.register
def sgd(total_steps, learning_rate=0.1, momentum=0.0, drops=(), cosine=False):
    """Plain SGD; `drops` and `cosine` as in `schedule`."""
    check_number("sgd.momentum", momentum, most=1.0)
    rate = schedule(total_steps, learning_rate, drops, cosine)
    return OnePassSGD(rate, momentum=momentum)


@gin.register
def adam(total_steps, learning_rate=1e-3, beta_1=0.5, weight_decay=0.0, drops=(), cosine=False):
    """Adam with the paper's beta_1 = 0.5, or AdamW where `weight_decay` > 0; the rest as in
    `schedule`."""
    check_number("adam.beta_1", beta_1, most=1.0)
    check_number("adam.weight_decay", weight_decay)
    rate = schedule(total_steps, learning_rate, drops, cosine)
    return OnePassAdam(rate, beta_1=beta_1, weight_decay=weight_decay or None)


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
      ConfigError: both kinds of decay are asked for, or a number is out of its range.
    """
    check_number("learning_rate", learning_rate)
    if not isinstance(drops, tuple | list) or list(drops) != sorted(drops):
        raise ConfigError(f"drops = {drops!r}: expected fractions of the run, such as (0.5, 0.8)")
    for fraction in drops:
        check_share("a fraction in drops", fraction)
    if drops and cosine:
        raise ConfigError("a learning rate either drops or follows a cosine, not both")
    if cosine:
        return keras.optimizers.schedules.CosineDecay(learning_rate, total_steps)
    if drops:
        boundaries = [int(total_steps * fraction) for fraction in drops]
        rates = [learning_rate * 0.1**k for k in range(len(drops) + 1)]
        return keras.optimizers.schedules.PiecewiseConstantDecay(boundaries, rates)
    return learning_rate
