"""The contract of learning methods."""

import abc
from collections.abc import Callable

import keras
import tensorflow as tf

from alen_tf.errors import ConfigError
from alen_tf.inference.clamped import Clamped
from alen_tf.inference.test_time_augmentation import Views
from alen_tf.models.optimizers import OnePass
from alen_tf.networks.penalty import penalty, weight_of
from alen_tf.networks.standardization import Standardization


class Learner(tf.Module, abc.ABC):
    """A learning method: networks, their optimizers, one training step, and prediction.

    A learner is a recipe until `build`: constructors only store hyper-parameters and factories of
    networks and optimizers, so that variables appear after the seed is set and under the
    distribution strategy in force.
    """

    def build(self, input_shape, output_shape, space, oracle, total_steps, views=None):
        """Makes networks and optimizers.

        Args:
          input_shape: shape of one input, without the batch axis.
          output_shape: shape of one output, without the batch axis.
          space: the `OutputSpace` of outputs.
          oracle: oracle value function h(y, y*) to [batch].
          total_steps: length of the run in training steps, for learning-rate schedules.
          views: the `Views` of an input that predictions are averaged over; by default itself.

        Raises:
          ConfigError: views, energy and oracle do not fit one another and these shapes.
        """
        self.space = space
        self.oracle = oracle
        self.views = views or Views()
        self.views.check(input_shape)
        self.standardization = Standardization(dtype="float32")
        x, y = tf.zeros((1, *input_shape)), tf.zeros((1, *output_shape))
        x, y = (self.views.split(each)[:1] for each in (x, y))
        self.build_networks(self.standardization(x), y, total_steps)
        # What checkpoints save: of a Keras model they would leave out layers that it holds in lists
        # and the state of dropout.
        self.weights = [
            variable.value for network in self.networks.values() for variable in network.variables
        ]

    @abc.abstractmethod
    def build_networks(self, x, y, total_steps):
        """Makes networks and optimizers and builds them on a standardised input and an output,
        batch of one."""

    @property
    @abc.abstractmethod
    def networks(self) -> dict[str, keras.Model]:
        """The networks by name: "energy", "inference_network"."""

    @abc.abstractmethod
    def train_step(
        self, x, y_true
    ) -> tuple[dict[str, tf.Tensor], Callable[[], dict[str, tf.Tensor]]]:
        """Updates the networks on one batch. Runs inside a `tf.function`.

        Args:
          x: inputs, [batch, ...], not standardised, of any numeric type.
          y_true: true outputs in the space, [batch, ...], float32.

        Returns:
          (losses by name, a function without arguments for all other scalars by name, which `Loop`
          calls in some steps only).
        """

    @abc.abstractmethod
    def infer(self, x, space, steps=None) -> list[tf.Tensor]:
        """The path of relaxed outputs for standardised inputs of the size that networks were built
        for; `space` and `steps` as in `Ascent`."""

    def predict(self, x, steps=None, known=None) -> list[tf.Tensor]:
        """The path of relaxed outputs [y(0), ..., y(T)], each [batch, ...]; the last one is the
        prediction.

        Args:
          x: inputs, [batch, ...], not standardised.
          steps: number of refinement steps T; the configured number by default. With a scalar
            int32 tensor, the path is [y(0), y(T)].
          known: true outputs where they are known and NaN elsewhere, [batch, ...], float32. All
            outputs of the path have them, and the ascent refines the others around them.
        """
        space = self.space if known is None else Clamped(self.space, self.views.split(known))
        path = self.infer(self.views.split(self.standardization(x)), space, steps)
        return [self.views.merge(y, x.shape[1:]) for y in path]

    def confidence(self, x, y):
        """The oracle value that is expected of discrete outputs `y`, [batch] in (0, 1).

        Args:
          x: inputs, [batch, ...], not standardised.
          y: outputs in {0, 1}, [batch, ...], float32.

        Returns:
          None for a method whose energy is no regression on oracle values.
        """
        del x, y

    def adapt(self, x):
        """Takes from training inputs what is no learned weight: the statistics of the
        standardisation."""
        self.standardization.adapt(x)

    @property
    def state(self):
        """All variables that a prediction depends on."""
        return [variable.value for variable in self.standardization.variables] + self.weights

    def bound(self, score):
        """Values of scores, same shape: themselves, where a method does not bound them."""
        return score

    def log_bound(self, score):
        """Logarithms of values of scores, same shape.

        Raises:
          ConfigError: values are not bounded, and may be negative.
        """
        raise ConfigError(f"{self.name}: an ascent with log_value needs values between 0 and 1")

    def value(self, z, y):
        """v(x, y), [batch], for encoded inputs z and outputs `y` [batch, ...]: the mean over a
        matrix of scores."""
        return per_example(self.bound(self.energy.score(z, y)))

    def ascend(self, ascent, z, y, space=None, steps=None):
        """The path of `ascent` on v(x, .), or its logarithm, from `y`.

        Raises:
          ConfigError: the logarithm is asked for, and values are not between 0 and 1.
        """

        def climbed(y):
            score = self.energy.score(z, y)
            # Normalised, v and a single score have one direction, but only v's vanishes where v
            # saturates.
            if ascent.normalize and len(score.shape) == 1:
                return score
            return per_example(self.log_bound(score) if ascent.log_value else self.bound(score))

        return ascent(climbed, y, space or self.space, steps)

    def descend(self, tape, loss, name, optimizer):
        """One optimizer step of the network `name` on `loss`, the mean over this replica's share of
        the batch, and on the network's `HalfSquares`.

        Returns:
          A function without arguments for named scalars: the global norm of the loss's gradient,
          and the penalty after the step, where there is one.
        """
        # Keras sums gradients over replicas; the loss must be a share of the global mean.
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        network = self.networks[name]
        variables = network.trainable_variables
        # Not the Keras variables: in a graph, the zero gradient of an unconnected one raises.
        sources = [variable.value for variable in variables]
        gradients = tape.gradient(loss, sources, unconnected_gradients="zero")
        gradients = [gradient / replicas for gradient in gradients]
        # An update that comes while somebody still reads the weights has to copy them first.
        with tf.control_dependencies([loss, *gradients]):
            optimizer.apply(gradients, variables)

        def told():
            scalars = {f"gradient_norm/{name}": tf.linalg.global_norm(gradients)}
            weights = penalty(network)
            return scalars if weights is None else scalars | {f"penalty/{name}": weights}

        return told


def per_example(values):
    """Means over all axes but the first, [batch]."""
    if len(values.shape) == 1:
        return values
    return tf.reduce_mean(tf.reshape(values, (tf.shape(values)[0], -1)), axis=1)


def replace_first(y, other, share):
    """`y`, [batch, ...], with `other`, shaped like it, in place of the first `share` of the batch.

    Batches are shuffled: the first examples are random ones.
    """
    if not share:
        return y
    batch = tf.shape(y)[0]
    count = tf.cast(tf.round(share * tf.cast(batch, tf.float32)), tf.int32)
    chosen = tf.reshape(tf.range(batch) < count, [-1] + [1] * (len(y.shape) - 1))
    return tf.where(chosen, other, y)


def build_network(make_network, make_optimizer, example, outputs, total_steps):
    """A network and its optimizer, with all their variables.

    Args:
      make_network: factory of the network, called with `outputs`.
      make_optimizer: factory of the optimizer, called with `total_steps`.
      example: what the network is called on, batch of one.
      outputs: size of the last output axis.
      total_steps: length of the run in training steps.

    Returns:
      (network, optimizer).

    Raises:
      ConfigError: the network has a `HalfSquares`, and the optimizer is none that adds it.
    """
    network = make_network(outputs)
    network(example)
    optimizer = make_optimizer(total_steps)
    penalised = any(map(weight_of, network.trainable_variables))
    if penalised and not isinstance(optimizer, OnePass):
        raise ConfigError(
            f"{type(network).__name__} has an l2, which {type(optimizer).__name__} does not add: "
            "take @sgd or @adam, or set l2 = 0"
        )
    optimizer.build(network.trainable_variables)
    return network, optimizer


def total(terms, network, name):
    """The loss of a batch from its terms.

    Args:
      terms: losses per example or per place by name, each [batch] or [batch, height, width].
      network: what Keras keeps in its `losses` is added.
      name: name of the loss.

    Returns:
      (the loss, itself and the terms' means as named scalars).
    """
    means = {f"{name}/{term}": tf.reduce_mean(value) for term, value in terms.items()}
    # Not `add_n`, nor additions, which TensorFlow turns into one: its order is not always the same.
    loss = tf.reduce_sum(tf.stack([*means.values(), *network.losses]))
    return loss, means | {name: loss}
