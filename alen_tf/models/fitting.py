"""How Keras trains a method: `compile`, `fit`, `evaluate`, and optimizers by network."""

from types import SimpleNamespace as Arguments

import keras
import numpy as np
import tensorflow as tf

from alen_tf.errors import ConfigError, DataError
from alen_tf.models.batch import Batch, mean
from alen_tf.models.checks import checked_model
from alen_tf.models.equal_batches import are_arrays, equal_batches
from alen_tf.models.examples import (
    OUTSIDE,
    check_columns,
    check_outputs,
    check_rows,
    without_floats,
)
from alen_tf.models.optimizers import OptimizerGroup, penalty, regularization
from alen_tf.models.step_metrics import OracleValue, StepMeans
from alen_tf.networks.dropout import drawn_by_xla
from alen_tf.sparse_rows import as_array


class Fitting(keras.Model):
    """A `keras.Model` with an optimizer for each of its networks.

    A method defines `update`, one training step. Keras's `fit` reaches it by `train_step`; the
    command line's loop calls it as it is.
    """

    def __init__(self, name=None):
        # The model's own arithmetic is float32, whatever its networks compute in.
        super().__init__(name=name, dtype="float32")
        self.step_means = StepMeans(name="step_means")

    def compile(
        self,
        energy_optimizer="adam",
        inference_optimizer="adam",
        metrics=None,
        jit_compile=False,
        steps_per_execution=1,
        run_eagerly=False,
    ):
        """Chooses optimizers and metrics.

        Args:
          energy_optimizer: a Keras optimizer or its name, for the energy network.
          inference_optimizer: likewise, for inference networks; each additional one gets a copy. An
            optimizer for a network that the method lacks is ignored.
          metrics: Keras metrics of (true outputs, relaxed outputs), beside the mean oracle value of
            outputs decoded at 0.5, which logs call by the oracle's name.
          jit_compile: whether XLA compiles the whole training step, refinement included.
          steps_per_execution: training steps per call of the compiled function; use 50 or more for
            small networks.
          run_eagerly: whether to run without compilation, for debugging.

        Raises:
          ConfigError: an optimizer is unknown.
        """
        self._compile_arguments = Arguments(
            energy_optimizer=energy_optimizer,
            inference_optimizer=inference_optimizer,
            metrics=metrics,
            jit_compile=jit_compile,
            steps_per_execution=steps_per_execution,
            run_eagerly=run_eagerly,
        )
        given = {"energy": energy_optimizer, "inference": inference_optimizer}
        self.optimizers = {}
        for name in self.networks:
            network = checked_model(name, getattr(self, name))
            optimizer = _optimizer(given["energy" if name == "energy" else "inference"], name)
            if any(optimizer is other for other in self.optimizers.values()):
                optimizer = type(optimizer).from_config(optimizer.get_config())
            scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
            precision = getattr(network, "precision", network.dtype_policy.name)
            if precision == "mixed_float16" and not scaled:
                optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
            self.optimizers[name] = optimizer
        super().compile(
            optimizer=None,
            metrics=[OracleValue(self.oracle, self.space), *(metrics or [])],
            jit_compile=jit_compile,
            steps_per_execution=steps_per_execution,
            run_eagerly=run_eagerly,
        )
        self.optimizer = OptimizerGroup(self.optimizers)
        if self.built:
            self.build_optimizers()

    def build_optimizers(self):
        """Makes the optimizers' variables."""
        for name, optimizer in self.optimizers.items():
            if not optimizer.built:
                optimizer.build(getattr(self, name).trainable_variables)

    def get_compile_config(self):
        if not self.compiled:
            return {}
        arguments = vars(self._compile_arguments)
        made = {"energy": "energy_optimizer", "inference_network": "inference_optimizer"}
        made = {made[name]: each for name, each in self.optimizers.items() if name in made}
        return keras.saving.serialize_keras_object(arguments | made)

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    # Training.

    def update(self, batch):
        """Updates the networks on one batch. Runs inside a `tf.function`.

        Args:
          batch: a `Batch`.

        Returns:
          (relaxed outputs for metrics, [batch, ...]; scalars by name, losses term by term among
          them. What a driver does not show costs nothing.)
        """
        raise NotImplementedError

    def train_step(self, data):
        """`update` for `fit`, whose logs are means over the epoch so far."""
        batch = Batch.of(data)
        if not self.built:
            with tf.init_scope():
                self.build(tf.nest.map_structure(lambda x: x.shape, batch.x), batch.y.shape)
        with drawn_by_xla(self.jit_compile):
            batch = self.drawn(batch)
            y, scalars = self.update(batch)
        losses = {name: value for name, value in scalars.items() if _shown(name)}
        self.step_means.update_state(losses)
        logs = self.compute_metrics(batch.x, batch.truth, y, batch.weight)
        return {name: value for name, value in logs.items() if name != "loss"}

    def test_step(self, data):
        batch = Batch.of(data)
        logs = self.compute_metrics(batch.x, batch.truth, self(batch.x), batch.weight)
        ours = {"loss", *self.step_means.names}
        return {name: value for name, value in logs.items() if name not in ours}

    def seed_of_step(self, optimizer):
        """What all random draws of a training step follow from: the model's seed, the step and the
        replica, int32 [2]."""
        seed = tf.stack([self.seed, tf.cast(optimizer.iterations.value, tf.int32)])
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        return tf.random.experimental.stateless_fold_in(seed, replica)

    def descend(self, tape, batch, **losses):
        """One optimizer step of each network, in the order given.

        Args:
          tape: the persistent tape that recorded the losses.
          batch: the `Batch`.
          **losses: by network, {term: [batch] or [batch, height, width]}, whose sum is the loss of
            an example.

        Returns:
          Scalars by name: losses, term by term, gradients' global norms, and penalties of weights.
        """
        scalars = {}
        for network, terms in losses.items():
            name = f"{network.removesuffix('_network')}_loss"
            with tape:
                means = {
                    f"{name}/{term}": mean(value, batch.weight, batch.counted)
                    for term, value in terms.items()
                }
                # Not `add_n`, nor additions, which TensorFlow turns into one: its order is not
                # always the same.
                loss = tf.reduce_sum(tf.stack([*means.values()]))
            scalars |= means | {name: loss} | self._step(tape, loss, network)
        return scalars

    def _step(self, tape, loss, name):
        """One optimizer step of a network on the mean loss over this replica's share of the batch,
        and on the regularizers of its weights; the norm of its gradient, and its penalty."""
        network, optimizer = getattr(self, name), self.optimizers[name]
        variables = network.trainable_variables
        if not variables:
            optimizer.iterations.assign_add(1)  # which random draws follow from
            return {}
        with tape:
            total = loss
            if others := regularization(network, optimizer):
                total = tf.reduce_sum(tf.stack([loss, *others]))
            scale = optimizer.scale_loss(1.0)
            total = scale * total
        # Not the Keras variables: in a graph, the zero gradient of an unconnected one raises.
        sources = [variable.value for variable in variables]
        gradients = tape.gradient(total, sources, unconnected_gradients="zero")
        # Keras sums gradients over replicas; the loss must be a share of the global mean.
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        # That of a kernel that sparse rows went through comes row by row.
        gradients = [tf.convert_to_tensor(gradient) / replicas for gradient in gradients]
        # An update that comes while somebody still reads the weights has to copy them first.
        with tf.control_dependencies([loss, *gradients]):
            optimizer.apply(gradients, variables)
        norm = {f"gradient_norm/{name}": tf.linalg.global_norm(gradients) / scale}
        weights = penalty(network)
        return norm if weights is None else norm | {f"penalty/{name}": weights}

    # Data.

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        class_weight=None,
        sample_weight=None,
        **kwargs,
    ):
        """Keras's `fit`, on arrays, a `tf.data.Dataset`, or anything else that Keras takes.

        A data set gives (x, y), (x, y, weight) or dictionaries of a `Batch`'s parts. Shuffled
        arrays come in batches of equal size: the last one of an epoch is filled up, see
        `equal_batches`. Logs hold each term of the losses, and the mean oracle value of refined
        outputs, decoded at 0.5, under the oracle's name; with `validation_data` also its value
        there, for example as val_f1.

        NaN in y is an output that is missing: losses, oracle values and the oracle's mean are of
        the others, and an example of which all are missing has no say in any. Other metrics get
        the NaN.

        Raises:
          ConfigError: networks do not fit the shapes of the data.
          DataError: parts have different numbers of examples, an output is not in {0, 1}, or is
            missing although the method cannot leave it out, or is missing in all examples.
        """
        if not self.compiled:
            self.compile()
        if isinstance(validation_data, tuple | list):
            check_outputs(validation_data[1], self.space, "validation y", missing=True)
        if isinstance(x, tf.data.Dataset):
            self._build_for(x.element_spec)
            x = x.map(self._checked)
            shuffle = False  # that is for whoever made the data set
        elif y is not None:
            check_outputs(y, self.space, "y", missing=self.skips_missing)
            check_columns(y)
            check_rows(y, x=x, sample_weight=sample_weight)
            self._build_for((tf.nest.map_structure(as_array, x), np.asarray(y)))
            y = without_floats(y)
            arrays = (x, y) if sample_weight is None else (x, y, sample_weight)
            if shuffle is True and are_arrays(arrays) and not (validation_split or class_weight):
                x, y, sample_weight = equal_batches(arrays, batch_size or 32), None, None
                batch_size, shuffle = None, False
        try:
            return super().fit(
                x,
                y,
                batch_size,
                epochs,
                verbose,
                callbacks,
                validation_split,
                validation_data,
                shuffle,
                class_weight,
                sample_weight,
                **kwargs,
            )
        except tf.errors.InvalidArgumentError as error:
            if OUTSIDE not in error.message:
                raise
            raise DataError(f"the data set: {OUTSIDE}") from None

    def _build_for(self, data):
        """Makes all variables under the strategy in force, before replicas run."""
        parts = data if isinstance(data, dict) else dict(zip("xy", data, strict=False))
        if self.built or not {"x", "y"} <= set(parts):
            return
        x, y = (tf.nest.map_structure(lambda each: (None, *each.shape[1:]), parts[k]) for k in "xy")
        with self.distribute_strategy.scope():
            self.build(x, y)

    def _checked(self, *data):
        """An element of a data set, once its outputs have been checked."""
        y = Batch.of(data[0] if isinstance(data[0], dict) else data).y
        inside = self.space.holds(y) | (tf.math.is_nan(y) & self.skips_missing)
        check = tf.debugging.Assert(tf.reduce_all(inside), [OUTSIDE])
        with tf.control_dependencies([check]):
            data = tf.nest.map_structure(tf.identity, data)
        return data[0] if len(data) == 1 else data


def _shown(name):
    return not name.startswith(("gradient_norm/", "penalty/"))


def _optimizer(given, name):
    """The given Keras optimizer, or the one with the given name.

    Raises:
      ConfigError: no optimizer has that name.
    """
    try:
        optimizer = keras.optimizers.get(given)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{name}: {str(error).splitlines()[0]}") from error
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise ConfigError(f"{name}: its optimizer is {given!r}, not a Keras optimizer")
    return optimizer
