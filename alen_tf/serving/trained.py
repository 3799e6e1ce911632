"""A trained model, from its workdir."""

import gin

from alen_tf.errors import DataError, WorkdirError
from alen_tf.evaluation.signature import Interface
from alen_tf.evaluation.trained_model import Model
from alen_tf.networks.precision import made_in
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
      other_data: whether data may differ from those of the training; a line then says how.

    Returns:
      (task, splits, learner).

    Raises:
      UserError: the workdir holds no trained model, or the data is not there or another one.
    """
    workdir = Workdir(workdir)
    task, learner, precision = _configured(workdir, params)
    best = Checkpoints(workdir.best, learner=learner)
    saved = _verified(best)
    splits = task.load(manual_dir, data_dir)
    shapes = splits.train.x.shape[1:], splits.train.y.shape[1:]
    if shapes != saved:
        raise DataError(
            f"{splits.name}: examples of shapes {shapes}, but {workdir.path} was trained on {saved}"
        )
    if difference := workdir.data_difference(provenance.data(splits)):
        said = f"{workdir.path} was trained on other data ({difference})"
        if not other_data:
            raise DataError(f"{said}; put the data back, or take what is there with --other_data")
        print(said)
    _rebuild(learner, task, shapes, precision, best)
    return task, splits, learner


def load(workdir, params=()):
    """Rebuilds the trained model of a workdir without any data.

    Args:
      workdir: folder of a run that has ended.
      params: gin bindings that override the workdir's configuration.

    Returns:
      A `Model`.

    Raises:
      UserError: the workdir holds no trained model.
    """
    workdir = Workdir(workdir)
    task, learner, precision = _configured(workdir, params)
    best = Checkpoints(workdir.best, learner=learner)
    saved = _verified(best)
    interface = Interface.read(workdir.model)
    shapes = interface.input_shape, interface.output_shape
    if shapes != saved:  # before anything of these sizes is made
        raise WorkdirError(f"{workdir.model} is damaged: shapes {shapes}, not {saved}")
    _rebuild(learner, task, shapes, precision, best)
    return Model(learner, interface)


def _configured(workdir, params):
    """Task, learner, not yet built, and precision of a workdir's configuration."""
    workdir.read_config()
    config.parse([workdir.config], params)
    with config.complete():
        root = gin.get_bindings(trainer.train)
    return root["task"], root["learner"], root.get("precision", "float32")


def _verified(best):
    """The shapes that the best checkpoint was trained on, once its files are found undamaged."""
    if best.newest() is None:
        raise WorkdirError(f"{best.folder} is empty: there is no trained model yet; train first")
    saved = best.verify()
    return tuple(saved["input_shape"]), tuple(saved["output_shape"])


def _rebuild(learner, task, shapes, precision, best):
    """Builds a learner for inputs and outputs of these shapes and gives it its weights."""
    with made_in(precision):
        learner.build(*shapes, task.space, task.oracle, total_steps=1, views=task.views)
    best.restore()
