"""A SavedModel with the refinement inside, for programs without this package."""

import pathlib

import tensorflow as tf

from alen_tf.evaluation import model_card
from alen_tf.storage import first_folder, write, write_json


def save(model, directory, card=None):
    """Writes a `TrainedModel` as a SavedModel, which appears complete or not at all.

    All signatures take raw rows `x`, [batch, ...], float32, or images, uint8 [batch, height, width,
    channels], and give `labels` (uint8), `relaxed` and `confidence` of the `Prediction`:

      serving_default(x): with the configured number of steps;
      refine(x, steps): with `steps`, a scalar int32;
      complete(x, steps, mask, values): around known labels: `values`, [batch, ...] in {0, 1}, where
        the boolean `mask` is true; of classes of a pixel, for all of them or for none.

    NaN or infinity in `x` raises an `InvalidArgumentError`, which a server returns: the relaxed
    outputs of such rows would be NaN, and their label sets empty.

    `assets.extra/model.json` holds the names of labels and features, how columns of a table become
    features (see `Preprocessing.to_json`), and the score that `confidence` predicts.

    Args:
      model: the model.
      directory: the folder to make.
      card: the model card, in Markdown, for `model_card.md`; none by default.

    Raises:
      UserError: the folder exists already, or cannot be written.
    """
    with first_folder(pathlib.Path(directory).expanduser()) as part:
        module = _Served(model)
        tf.saved_model.save(module, str(part), signatures=module.signatures())
        (part / "assets.extra").mkdir(exist_ok=True)
        write_json(part / "assets.extra" / "model.json", model.signature.to_json())
        if card is not None:
            write(part / model_card.NAME, card)


class _Served(tf.Module):
    """A model's functions with the variables that they read."""

    def __init__(self, model):
        super().__init__()
        self.state = model.model.state
        self._predict = model.predict
        x, y = model.signature.input_shape, model.signature.output_shape
        images = model.signature.of_images
        self._x = tf.TensorSpec([None, *x], tf.uint8 if images else tf.float32, "x")
        self._steps = tf.TensorSpec([], tf.int32, "steps")
        self._mask = tf.TensorSpec([None, *y], tf.bool, "mask")
        self._values = tf.TensorSpec([None, *y], tf.float32, "values")

    def signatures(self):
        """The signatures by name."""

        def serve(x):
            return self._predict(_finite(x))._asdict()

        def refine(x, steps):
            return self._predict(_finite(x), steps)._asdict()

        def complete(x, steps, mask, values):
            known = tf.where(mask, values, float("nan"))
            return self._predict(_finite(x), steps, known)._asdict()

        return {
            "serving_default": tf.function(serve, input_signature=[self._x]),
            "refine": tf.function(refine, input_signature=[self._x, self._steps]),
            "complete": tf.function(
                complete, input_signature=[self._x, self._steps, self._mask, self._values]
            ),
        }


def _finite(x):
    """Checks that inputs are finite, and returns them."""
    if not x.dtype.is_floating:
        return x
    return tf.debugging.check_numerics(
        x, "x has a value that is not finite; fill in missing values"
    )
