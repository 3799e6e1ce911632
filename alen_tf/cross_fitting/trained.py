"""A cross-fitted model, from its workdir."""

from typing import NamedTuple

import gin
import numpy as np

from alen_tf.cross_fitting import kept
from alen_tf.cross_fitting.run import MODEL, cross_fit
from alen_tf.errors import UserError, WorkdirError
from alen_tf.serving.trained import check_data, read_signature
from alen_tf.sparse_rows import as_array
from alen_tf.training import config
from alen_tf.training.workdir import Workdir


class Prediction(NamedTuple):
    """Predictions of a cross-fitted model.

    Attributes:
      labels: label sets in {0, 1}, [rows, labels], uint8.
      marginals: calibrated P(y_i = 1 | x), [rows, labels], float32.
      confidence: the expected F1 of `labels`, [rows].
    """

    labels: np.ndarray
    marginals: np.ndarray
    confidence: np.ndarray


class CrossFittedModel:
    """A `CrossFitted` with its `Signature`, called like a `TrainedModel`."""

    def __init__(self, fitted, signature):
        self.fitted = fitted
        self.signature = signature

    def __call__(self, x, steps=None, known=None, source="x"):
        """The `Prediction` of any number of rows.

        Args:
          x: inputs, [rows, features], an array or a SciPy matrix.
          steps: must be None: this model does not take a number of steps.
          known: labels in {0, 1} where they are known and NaN elsewhere, [rows, labels].
          source: name of the rows in error messages: a file or an argument.

        Raises:
          UserError: rows or known labels do not fit the model, or `steps` is given.
        """
        check_steps(steps)
        x = as_array(x).astype(np.float32, copy=False)
        self.signature.check_inputs(x, source)
        if known is not None:
            known = np.asarray(known, np.float32)
            self.signature.check_known(known, x.shape[0], "known")
        found, refined = self.fitted.logits(x), self.fitted.refined
        sets = refined.sets(found, known=known)
        marginals = refined.marginals(found, known).astype(np.float32)
        return Prediction(sets.astype(np.uint8), marginals, refined.confidence(found, sets, known))


def check_steps(steps):
    """Checks that no number of refinement steps is given.

    Raises:
      UserError: a number is given.
    """
    if steps is not None:
        raise UserError(
            f"--steps={steps}: a cross-fitted model does not take a number of steps; leave out "
            "--steps"
        )


def is_cross_fitted(workdir):
    """Whether a workdir was made by `cross_fit`, not by joint training.

    Raises:
      WorkdirError: it is not a workdir, or is damaged.
    """
    return "\ncross_fit.task = " in "\n" + Workdir(workdir).read_config()


def load(workdir):
    """The `CrossFittedModel` of a workdir, without any data. Loading a pickle runs the code in it:
    load only workdirs from people you trust.

    Raises:
      WorkdirError: the workdir holds no trained model, or is damaged.
    """
    workdir = Workdir(workdir)
    workdir.read_config()
    path = workdir.latest.parent / (MODEL + kept.SUFFIX)
    signature = read_signature(workdir.model)
    if not path.exists():
        raise WorkdirError(f"{path} is missing: run the same train command again")
    return CrossFittedModel(kept.load(path)[0], signature)


def restore(workdir, manual_dir=None, data_dir=None, params=(), other_data=False):
    """The model of a workdir, and its data.

    Args:
      workdir, manual_dir, data_dir, params, other_data: see `alen_tf.serving.trained.restore`.

    Returns:
      (splits, model).

    Raises:
      UserError: the workdir holds no trained model, or the data is missing or different.
    """
    model, workdir = load(workdir), Workdir(workdir)
    with config.kept():
        config.parse([workdir.config], params)
        with config.complete():
            splits = gin.get_bindings(cross_fit)["task"].load(manual_dir, data_dir)
        config.check_effective(queried=("cross_fit.task",))
    saved = model.signature.input_shape, model.signature.output_shape
    check_data(workdir, splits, saved, other_data)
    return splits, model
