"""What methods that learn an energy share: scores, values, and inference by ascent on them."""

import functools

import numpy as np
import tensorflow as tf

from alen_tf.errors import ConfigError
from alen_tf.inference.ascent import UNROLLED
from alen_tf.inference.clamped import Clamped
from alen_tf.models.batch import per_example
from alen_tf.models.checks import called, checked_model, in_words
from alen_tf.models.structured_model import StructuredModel


class EnergyModel(StructuredModel):
    """A model whose predictions ascend on an energy's values, from the uninformed output.

    The energy is called on [x, y] and returns a score per example, [batch] or [batch, 1], or per
    pixel, [batch, height, width] or with one channel. One that has methods `encode(x)` and
    `score(z, y)` encodes x once for many y.

    Attributes:
      bounded: whether v(x, y) = sigmoid(score), an expected oracle value, or the score itself.
      prediction: the `Ascent` of predictions.
    """

    networks = ("energy",)
    bounded = False

    def check_network(self, name, x, y):
        """As of `StructuredModel`; an energy must give scores, of what the oracle values."""
        if name != "energy":
            super().check_network(name, x, y)
            return
        checked_model("energy", self.energy)
        with tf.GradientTape() as tape:
            tape.watch(y)
            scores = called("energy", self.energy, [self.seen(x, y), y])
        if tape.gradient(scores, y) is None:
            raise ConfigError(
                f"energy ({type(self.energy).__name__}) does not depend on y: it must be a "
                f"keras.Model of [x, y], here of shapes {in_words(x)} and {in_words(y)}"
            )
        score = squeezed(scores, y)
        if score is None:
            raise ConfigError(
                f"energy gives shape {in_words(scores)} for outputs of shape {in_words(y)}, not a "
                "score per example, [batch], or per pixel, [batch, height, width]"
            )
        value = self.oracle_value(y, y)
        if self.bounded and score.shape != value.shape:
            raise ConfigError(
                f"energy ({type(self.energy).__name__}) scores {_what(score)}, but the oracle "
                f"values {_what(value)}; soft_pixel_accuracy and local_iou value every pixel, all "
                "others the whole"
            )

    def example_output(self, x):
        shapes = getattr(self.energy, "input_shape", None)  # that of a functional model
        if isinstance(shapes, list) and len(shapes) == 2:
            return tf.zeros((1, *shapes[1][1:]))
        return super().example_output(x)

    def seen(self, x, logits):
        """What the energy is given in place of x: the inference network's logits, without a
        gradient, where its attribute `sees` is "logits"; both, as a list, where it is "both"."""
        sees = getattr(self.energy, "sees", "x")
        if sees == "x":
            return x
        logits = tf.stop_gradient(logits)
        return logits if sees == "logits" else [x, logits]

    # Scores and values.

    @functools.cached_property
    def encodes(self):
        """Whether the energy encodes x once for many y."""
        return hasattr(self.energy, "encode") and hasattr(self.energy, "score")

    def encode(self, x, logits=None, training=False):
        """The part of scores that no output enters: the energy's encoding of x, or x itself."""
        x = self.seen(x, logits)
        return self.energy.encode(x, training=training) if self.encodes else x

    def score(self, z, y, training=False):
        """Scores of outputs `y`, [batch] or [batch, height, width], float32."""
        if self.encodes:
            # Half precision only where the energy has encoded in nothing else.
            kinds = {each.dtype for each in tf.nest.flatten(z)}
            kind = tf.float32 if tf.float32 in kinds else self.energy.compute_dtype
            score = self.energy.score(z, tf.cast(y, kind))
        else:
            score = self.energy([z, y], training=training)
        return tf.cast(squeezed(score, y), tf.float32)

    def bound(self, score):
        """Values of scores, same shape: sigmoid(score), or the score itself."""
        return tf.sigmoid(score) if self.bounded else score

    def value_of(self, z, y, training=False, counted=None):
        """v(x, y), [batch], for encoded inputs; the mean over a matrix of scores, of those that
        count."""
        return per_example(self.bound(self.score(z, y, training)), counted)

    def value(self, x, y, known=None):
        """v(x, y) as an array, [examples]: the expected oracle value of `y` if the energy regresses
        on it, otherwise its score.

        Args:
          x: inputs, [examples, ...].
          y: relaxed or discrete outputs, [examples, ...].
          known: outputs in {0, 1} where they are known and NaN elsewhere, [examples, ...]; a model
            that was trained with known outputs then values the others alone.
        """
        x, y = self.inputs(x), np.asarray(y, np.float32)
        if not self.built:
            self.build(tf.nest.map_structure(np.shape, x), y.shape)
        arrays = [x, y] if known is None else [x, y, np.asarray(known, np.float32)]
        function = self._compiled.get("value", self.value_in_graph)
        return function(self.views, *arrays)

    def value_in_graph(self, x, y, known=None):
        """`value` of a batch as a tensor."""
        x, y = self.views.split(self.prepare(x, known)), self.views.split(y)
        space = self.space if known is None else Clamped(self.space, self.views.split(known))
        z = self.encode_for_inference(x)
        return self.views.mean(self.value_of(z, y, counted=self.counted_in(space)))

    def encode_for_inference(self, x):
        """Encoded inputs, where only inference is wanted."""
        return self.encode(x)

    def confidence(self, x, y, known=None):
        return self.value_in_graph(x, y, known) if self.bounded else None

    def counted_in(self, space):
        """Which outputs values are of, see `Batch`: those that are not known in a space, where the
        model was trained so; None for all."""
        return None if self.known_outputs is None else space.unknown

    # Inference.

    def ascend(self, ascent, z, y, space=None, steps=None):
        """The path of `ascent` on v(x, .), or its logarithm, from `y`.

        Raises:
          ConfigError: the logarithm is asked for, and values are not between 0 and 1.
        """
        space = space or self.space
        log_value = ascent.objective == "log_value"
        if log_value and not self.bounded:
            raise ConfigError(
                f'{self.name}: objective = "log_value" needs values between 0 and 1, and this '
                "method's scores are not bounded"
            )

        def climbed(y):
            score = self.score(z, y)
            # Normalised, v and a single score have one direction, but only v's vanishes where v
            # saturates.
            if ascent.norm and len(score.shape) == 1:
                return score
            values = tf.math.log_sigmoid(score) if log_value else self.bound(score)
            return per_example(values, self.counted_in(space))

        return ascent(climbed, y, space, steps)

    def infer(self, x, space, steps=None):
        batch = tf.shape(tf.nest.flatten(x)[0])[0]
        y = self.views.split(tf.zeros((1, *self.y_shape[1:])))[0]
        start = space.start(tf.zeros((batch, *y.shape)))
        return self.ascend(self.prediction, self.encode(x), start, space, steps)


class PairModel(EnergyModel):
    """A model with an inference network g: predictions ascend from y' = g(x)."""

    networks = ("energy", "inference_network")

    def encode_for_inference(self, x):
        sees_logits = getattr(self.energy, "sees", "x") != "x"
        return self.encode(x, self.logits(x) if sees_logits else None)

    def infer(self, x, space, steps=None):
        logits = self.logits(x)
        z = self.encode(x, logits)
        return self.ascend(self.prediction, z, space.relax(logits), space, steps)


def check_path(method, ascent, random_iterate):
    """Checks that an ascent keeps the path that outputs are drawn from.

    Raises:
      ConfigError: it is too long to be kept.
    """
    if random_iterate and ascent.steps > UNROLLED:
        raise ConfigError(
            f"{method}.random_iterate needs paths of at most {UNROLLED} steps, which are kept; "
            f"there are {ascent.steps}"
        )


def squeezed(score, y):
    """Scores without a last axis of length one: [batch], or [batch, height, width] for images `y`;
    None where they have another shape."""
    pixels = tuple(y.shape[1:-1])
    if score.shape[1:] in ((1,), (*pixels, 1)):
        score = score[..., 0]
    return score if score.shape[1:] in ((), pixels) else None


def _what(values):
    return "every pixel of an image" if len(values.shape) > 1 else "an example as a whole"
