"""What every method is: a `keras.Model` that predicts structured outputs by inference."""

import random

import keras
import numpy as np
import tensorflow as tf

from alen_tf.configured import Configured
from alen_tf.errors import ConfigError, DataError, check_seed
from alen_tf.inference import spaces
from alen_tf.inference.batching import BATCH, Compiled
from alen_tf.inference.clamped import Clamped
from alen_tf.inference.test_time_augmentation import Views
from alen_tf.models import known_outputs
from alen_tf.models.checks import called, checked_model, in_words
from alen_tf.models.fitting import Fitting
from alen_tf.objectives import oracles
from alen_tf.sparse_rows import as_array

UNBUILT = "call fit(x, y), or build(x_shape, y_shape), first"


class StructuredModel(Configured, Fitting):
    """A model of structured outputs.

    Called on inputs [batch, ...], it returns relaxed outputs [batch, ...], the end of `path`. A
    method names its `networks` and defines `update`, one training step, and `infer`, the path.

    Attributes:
      networks: names of the attributes that hold networks. "energy" is a `keras.Model` of [x, y]
        with a score per example or per pixel; all others are models of x with a logit per output
        variable.
      skips_missing: whether `update` leaves out outputs that do not count, see `Batch`.
      rows_at_once: number of examples that a prediction holds in memory at a time.
      space: the `OutputSpace` that `output_space` names.
      oracle_value: the function h(y, y*) that `oracle` names.
      known_outputs: the `KnownOutputs` that `known_fraction` stands for, or None.
      x_shape: shape of inputs, batch axis included, once the model is built.
      y_shape: likewise of outputs.
    """

    networks: tuple[str, ...] = ()
    skips_missing = False
    rows_at_once = BATCH

    def __init__(
        self,
        output_space="box",
        oracle="f1",
        preprocessing=None,
        test_time_augmentation=None,
        seed=None,
        name=None,
        known_fraction=None,
    ):
        """Stores the settings that all methods share.

        Args:
          output_space: "box" for variables in [0, 1] each, "simplex" for a distribution over the
            classes of the last axis, or an `OutputSpace`.
          oracle: the oracle value h(y, y*): "f1", "iou", "class_iou", "soft_pixel_accuracy",
            "local_iou", or a function of (y, y*) to [batch] or [batch, height, width].
          preprocessing: a layer, such as `Standardization`, that inputs pass before any network
            sees them; none by default.
          test_time_augmentation: the `Views` of an input that predictions are averaged over; by
            default the input itself.
          seed: of the random draws of training steps; by default drawn from Keras's global seed.
          name: the method's name in results.
          known_fraction: what is known beforehand in training: a share of each example's outputs
            such as 0.5, a pair (low, high) between which the share is uniform, `KnownAtRandom` or
            `Clicks`; None for none. All networks then see known outputs as additional features of
            the inputs, and losses, oracle values and v(x, y) cover only the other outputs.

        Raises:
          ConfigError: a name is unknown, or a number out of its range.
        """
        super().__init__(name=name)
        self.output_space = output_space
        self.oracle = oracle
        self.preprocessing = preprocessing
        self.test_time_augmentation = test_time_augmentation
        self.space = spaces.get(output_space)
        self.oracle_value = oracles.get(oracle)
        self.known_fraction = known_fraction
        self.known_outputs = known_outputs.get(known_fraction)
        self.views = test_time_augmentation or Views()
        # `keras.utils.set_random_seed` seeds Python's generator too.
        self.seed = random.randrange(2**31) if seed is None else seed
        check_seed("seed", self.seed)
        self.x_shape = self.y_shape = None
        self._compiled = _Functions(self.rows_at_once)

    # Building.

    def build(self, x_shape, *y_shape):
        """Creates all variables.

        Args:
          x_shape: shape of inputs, [batch, ...], or a dictionary of them; the size of the batch
            does not matter.
          *y_shape: shape of outputs, if the networks do not determine it; Keras does not know it
            when a call builds the model.

        Raises:
          ConfigError: networks, views and oracle do not fit each other or these shapes.
        """
        if isinstance(x_shape, dict):
            x = {name: _zeros(shape) for name, shape in x_shape.items()}
        else:
            self.views.check(tuple(x_shape[1:]))
            x = self.views.split(_zeros(x_shape))[:1]
        if y_shape:
            y = self.views.split(_zeros(*y_shape))[:1]
            x = self.prepare(x, np.nan * y)
        else:
            x = self.prepare(x)
            y = self.example_output(x)
        self.x_shape, self.y_shape = x_shape, (y_shape or [tuple(y.shape)])[0]
        for name in self.networks:
            self.check_network(name, x, y)
        self.built = True
        if self.compiled:
            self.build_optimizers()

    def get_build_config(self):
        return {"x_shape": self.x_shape, "y_shape": self.y_shape} if self.built else None

    def build_from_config(self, config):
        if config:
            self.build(config["x_shape"], config["y_shape"])

    def example_output(self, x):
        """An output for an example of preprocessed inputs, [1, ...].

        Raises:
          ConfigError: the networks do not tell what outputs look like.
        """
        network = getattr(self, "inference_network", None)
        if network is None or getattr(network, "outputs", 0) is None:
            raise ConfigError(f"{self.name}: {UNBUILT}")
        return tf.zeros_like(called("inference_network", checked_model("g", network), x))

    def check_network(self, name, x, y):
        """Builds a network on an example, and checks that it gives a logit per output variable.

        Raises:
          ConfigError: it is no `keras.Model`, or does not.
        """
        network = checked_model(name, getattr(self, name))
        if getattr(network, "outputs", 0) is None:
            network.outputs = int(y.shape[-1])
        logits = called(name, network, x)
        if logits.shape[1:] != y.shape[1:]:
            raise ConfigError(
                f"{name} gives shape {in_words(logits)}, but outputs have shape {in_words(y)}: it "
                "must give a logit per output variable"
            )

    @property
    def network_state(self):
        """All variables of networks: weights, statistics, and the state of dropout."""
        return [each.value for name in self.networks for each in getattr(self, name).variables]

    @property
    def state(self):
        """All variables that a prediction depends on, and the state of dropout."""
        layer = self.preprocessing
        return [each.value for each in (layer.variables if layer else [])] + self.network_state

    def export(self, filepath, format="tf_saved_model", input_signature=None, **kwargs):
        """Exports `call`, with the refinement inside; see `keras.Model.export`."""
        if input_signature is None:
            input_signature = [
                tf.nest.map_structure(
                    lambda shape: keras.InputSpec(shape=(None, *shape[1:]), dtype="float32"),
                    self.x_shape,
                )
                if isinstance(self.x_shape, dict)
                else keras.InputSpec(shape=(None, *self.x_shape[1:]), dtype="float32")
            ]
        super().export(filepath, format=format, input_signature=input_signature, **kwargs)

    # Inference.

    def inputs(self, x):
        """Inputs, [examples, ...], or a structure of them, as arrays; sparse rows stay a SciPy
        matrix, unless preprocessing makes zeros other numbers."""
        keeps_zeros = self.preprocessing is None or getattr(
            self.preprocessing, "keeps_zeros", False
        )

        def converted(part):
            part = as_array(part)
            return part if isinstance(part, np.ndarray) or keeps_zeros else part.toarray()

        return tf.nest.map_structure(converted, x)

    def prepare(self, x, known=None):
        """Inputs as networks see them: preprocessed, bytes and truth values as float32, and in a
        model with `known_fraction`, with `known` outputs as additional features."""
        if self.preprocessing is not None:
            x = self.preprocessing(x)
        else:
            x = tf.nest.map_structure(
                lambda each: each if tf.is_tensor(each) else tf.convert_to_tensor(each), x
            )
            x = tf.nest.map_structure(
                lambda each: (
                    tf.cast(each, tf.float32) if each.dtype in (tf.uint8, tf.bool) else each
                ),
                x,
            )
        if self.known_outputs is None:
            return x
        if known is None:
            if self.y_shape is None:
                raise ConfigError(f"{self.name}: {UNBUILT}")
            known = tf.fill([tf.shape(tf.nest.flatten(x)[0])[0], *self.y_shape[1:]], np.nan)
        return known_outputs.joined(x, self.known_outputs.maps(known))

    def drawn(self, batch):
        """A `Batch` of which outputs are known: those that it says, or else drawn ones."""
        known = batch.known
        if known is None and self.known_outputs is not None:
            seed = self.seed_of_step(self.optimizers[self.networks[0]])
            # Another one than that of the draws of `update`.
            seed = tf.random.experimental.stateless_fold_in(seed, 1)
            y = batch.truth

            def proposed():
                x = self.prepare(batch.x, tf.fill(tf.shape(y), np.nan))
                return self.space.relax(self.logits(x, batch.fold))

            known = self.known_outputs.draw(y, seed, self.space.joint, proposed)
        return batch if known is None else batch.around(known)

    def space_of(self, batch):
        """The `OutputSpace` of a batch, in which its known outputs have their values."""
        return self.space if batch.known is None else Clamped(self.space, batch.given)

    def logits(self, x, fold=None, training=False):
        """Logits of g, [batch, ...], float32; with the `fold` of each example, those of the member
        of a cross-fitted g that has not learned from it."""
        folds = {} if fold is None else {"fold": fold}
        return tf.cast(self.inference_network(x, training=training, **folds), tf.float32)

    def infer(self, x, space, steps=None) -> list[tf.Tensor]:
        """The path of relaxed outputs for preprocessed inputs of the size that networks were built
        for; `space` and `steps` as in `Ascent`."""
        raise NotImplementedError

    def path(self, x, steps=None, known=None):
        """The path of relaxed outputs [y(0), ..., y(T)], each [batch, ...], as tensors; the last
        one is the prediction.

        Args:
          x: inputs, [batch, ...].
          steps: number of refinement steps T; the configured number by default. With a scalar
            int32 tensor, or more than `ascent.UNROLLED`, the path is [y(0), y(T)].
          known: true outputs where they are known and NaN elsewhere, [batch, ...], float32. All
            outputs of the path have them, and the ascent refines the others around them.
        """
        space = self.space if known is None else Clamped(self.space, self.views.split(known))
        if self.views.count == 1:
            return self.infer(self.prepare(x, known), space, steps)
        path = self.infer(self.views.split(self.prepare(x, known)), space, steps)
        return [self.views.merge(y, x.shape[1:]) for y in path]

    def call(self, x, training=False):
        """Relaxed refined outputs, [batch, ...]; training has a step of its own."""
        del training
        return self.path(x)[-1]

    def refine(self, x, steps=None, known=None):
        """The path of relaxed outputs as an array, [steps + 1, examples, ...].

        Args:
          x: inputs, [examples, ...].
          steps: number of refinement steps; the configured number by default.
          known: outputs in {0, 1} where they are known and NaN elsewhere, [examples, ...].

        Raises:
          DataError: `known` is not shaped like outputs.
        """
        x = self.inputs(x)
        if not self.built:
            self.build(tf.nest.map_structure(np.shape, x))
        arrays = [x]
        if known is not None:
            known = np.asarray(known, np.float32)
            expected = (tf.nest.flatten(x)[0].shape[0], *self.y_shape[1:])
            if known.shape != expected:
                raise DataError(f"known: shape {known.shape}, expected {expected}, like outputs")
            arrays.append(known)
        path = self._compiled.get(steps, lambda x, known=None: tf.stack(self.path(x, steps, known)))
        return path(self.views, *arrays, axis=1)

    def decode(self, y, threshold=0.5):
        """The discrete outputs of relaxed ones, in {0, 1}, shaped like `y`, float32."""
        return tf.cast(self.space.decode(y, threshold), tf.float32)

    def confidence(self, x, y, known=None):
        """The oracle value that is expected of discrete outputs `y`, [batch] in (0, 1).

        Args:
          x: inputs, [batch, ...].
          y: outputs in {0, 1}, [batch, ...], float32.
          known: see `path`.

        Returns:
          None for a method whose energy is no regression on oracle values.
        """
        del x, y, known


class _Functions:
    """Compiled functions by name, in an object that Keras does not look into."""

    def __init__(self, rows_at_once):
        self._rows_at_once = rows_at_once
        self._made = {}

    def get(self, name, function):
        """The `Compiled` of this name, made of `function` when it is first asked for."""
        if name not in self._made:
            self._made[name] = Compiled(function, self._rows_at_once)
        return self._made[name]


def _zeros(shape):
    return tf.zeros((1, *shape[1:]))
