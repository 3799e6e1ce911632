"""A trained model, from its workdir."""

import contextlib

import gin

from alen_tf.errors import ConfigError, DataError, WorkdirError
from alen_tf.evaluation.signature import Signature
from alen_tf.evaluation.trained_model import TrainedModel
from alen_tf.networks.precision import made_in
from alen_tf.storage import read_json
from alen_tf.training import config, provenance, trainer
from alen_tf.training.checkpoints import Checkpoints
from alen_tf.training.workdir import Workdir


def restore(workdir, manual_dir=None, data_dir=None, params=(), other_data=False):
    """Rebuilds the model that a workdir's configuration describes, and loads its data.

    Args:
      workdir: folder of a run.
      manual_dir: see `Task.load`.
      data_dir: see `Task.load`.
      params: gin bindings that override the workdir's configuration.
      other_data: whether data may differ from the training run's; a message then says how.

    Returns:
      (task, splits, model).

    Raises:
      UserError: the workdir holds no trained model, or the data is missing or different.
    """
    workdir = Workdir(workdir)
    saved = _saved_shapes(workdir)
    with config.kept(), _configured(workdir, params) as (task, model, precision):
        splits = task.load(manual_dir, data_dir)
        check_data(workdir, splits, saved, other_data)
        return task, splits, _rebuilt(workdir, model, task, saved, precision, params)


def load(workdir, params=()):
    """Rebuilds the trained model of a workdir without any data.

    Args:
      workdir: folder of a run that has ended.
      params: gin bindings that override the workdir's configuration.

    Returns:
      A `TrainedModel`.

    Raises:
      UserError: the workdir holds no trained model.
    """
    workdir = Workdir(workdir)
    saved = _saved_shapes(workdir)
    signature = read_signature(workdir.model)
    shapes = signature.input_shape, signature.output_shape
    if shapes != saved:  # before anything of these sizes is allocated
        raise WorkdirError(f"{workdir.model} is damaged: shapes {shapes}, not {saved}")
    with config.kept(), _configured(workdir, params) as (task, model, precision):
        model = _rebuilt(workdir, model, task, shapes, precision, params)
    return TrainedModel(model, signature)


def read_card(workdir):
    """The model card of a workdir; None if an earlier version wrote none.

    Raises:
      WorkdirError: it cannot be read.
    """
    path = Workdir(workdir).card
    if not path.exists():
        return None
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "not UTF-8")
        raise WorkdirError(f"{path}: cannot be read: {reason}") from error


def read_signature(path):
    """Reads the `model.json` of a workdir.

    Raises:
      WorkdirError: it is missing or damaged.
    """
    if not path.exists():
        raise WorkdirError(
            f"{path} is missing: the training has not ended yet; run the same train command again"
        )
    try:
        return Signature.from_json(read_json(path))
    except (ValueError, TypeError) as error:
        raise WorkdirError(f"{path} is damaged: {error}") from error


@contextlib.contextmanager
def _configured(workdir, params):
    """Yields the task, the maker of the model and the precision of a workdir's configuration.

    Raises:
      ConfigError: an override is wrong or has no effect.
    """
    workdir.read_config()
    config.parse([workdir.config], params)
    with config.complete():
        root = gin.get_bindings(trainer.train)
        yield root["task"], root["model"], root.get("precision", "float32")
    config.check_effective(queried=("train.task", "train.model", "train.precision"))


def check_data(workdir, splits, saved, other_data=False):
    """Checks that data equals that of the training run. With `other_data`, a message says where it
    differs; then only the shapes of an input and an output must be the `saved` ones, and
    preprocessing must be the same.

    Raises:
      DataError: they differ.
    """
    shapes = splits.train.x.shape[1:], splits.train.y.shape[1:]
    if shapes != saved:
        raise DataError(
            f"{splits.name}: examples of shapes {shapes}, but {workdir.path} was trained on {saved}"
        )
    if difference := workdir.data_difference(provenance.data(splits)):
        said = f"{workdir.path} was trained on different data ({difference})"
        if not other_data:
            raise DataError(f"{said}; restore the data, or pass --other_data to use the new data")
        print(said)
        _check_preprocessing(workdir, splits)


def _check_preprocessing(workdir, splits):
    """Checks that other data is preprocessed as in training: different training rows may have
    different categories and medians.

    Raises:
      DataError: it is not.
    """
    ended = workdir.model.exists()
    if ended and read_signature(workdir.model).preprocessing != splits.preprocessing:
        raise DataError(
            f"{splits.name}: its training rows have other categories, or other values for missing "
            f"cells, than those of {workdir.path}; keep files.train as it was and change only "
            "files.test, or use alen_tf.predict"
        )


def _saved_shapes(workdir):
    """Verifies the best checkpoint, and returns the shapes that it was trained on."""
    workdir.read_config()
    best = Checkpoints(workdir.best)
    if best.newest() is None:
        raise WorkdirError(f"{best.folder} is empty: there is no trained model yet; train first")
    saved = best.verify()
    return tuple(saved["input_shape"]), tuple(saved["output_shape"])


def _rebuilt(workdir, model, task, shapes, precision, params):
    """The model for inputs and outputs of these shapes, with its trained weights."""
    x_shape, y_shape = ((None, *shape) for shape in shapes)
    with made_in(precision):
        made = trainer.build(model, task, x_shape, y_shape)
    try:
        Checkpoints(workdir.best, model=made.state).restore()
    except WorkdirError as error:
        if not params:
            raise
        given = ", ".join(f"--gin_param={param!r}" for param in params)
        raise ConfigError(
            f"{given}: the trained weights of {workdir.path} do not fit other networks; leave out "
            "parameters that change networks"
        ) from error
    return made
