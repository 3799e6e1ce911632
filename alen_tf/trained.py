"""A trained model, from its workdir."""

import gin
import tensorflow as tf

from alen_tf import config, trainer
from alen_tf.errors import WorkdirError
from alen_tf.interface import Interface
from alen_tf.model import Model
from alen_tf.workdir import Workdir


def restore(workdir, manual_dir=None, data_dir=None, params=()):
    """Rebuilds the model that a workdir's configuration describes, and loads its data.

    Args:
      workdir: folder of a run.
      manual_dir: see `Task.load`.
      data_dir: see `Task.load`.
      params: gin bindings that override the workdir's configuration.

    Returns:
      (task, splits, learner).

    Raises:
      UserError: the workdir holds no trained model, or the data is not there.
    """
    workdir = Workdir(workdir)
    task, learner = _configured(workdir, params)
    checkpoint = _best(workdir)
    splits = task.load(manual_dir, data_dir)
    shapes = splits.train.x.shape[1:], splits.train.y.shape[1:]
    _rebuild(learner, task, shapes, checkpoint)
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
    task, learner = _configured(workdir, params)
    checkpoint = _best(workdir)
    interface = Interface.read(workdir.model)
    _rebuild(learner, task, (interface.input_shape, interface.output_shape), checkpoint)
    return Model(learner, interface)


def _configured(workdir, params):
    """Task and learner, not yet built, of a workdir's configuration."""
    workdir.read_config()
    config.parse([workdir.config], params)
    root = gin.get_bindings(trainer.train)
    return root["task"], root["learner"]


def _best(workdir):
    """The path of the best checkpoint."""
    checkpoint = tf.train.latest_checkpoint(str(workdir.best))
    if checkpoint is None:
        raise WorkdirError(f"{workdir.path} holds no trained model yet: {workdir.best} is empty")
    return checkpoint


def _rebuild(learner, task, shapes, checkpoint):
    """Builds a learner for inputs and outputs of these shapes and gives it its weights."""
    learner.build(*shapes, task.space, task.oracle, total_steps=1, views=task.views)
    try:
        tf.train.Checkpoint(learner=learner).restore(checkpoint).expect_partial()
    except (tf.errors.OpError, ValueError) as error:
        raise WorkdirError(f"{checkpoint} cannot be read: {str(error).splitlines()[0]}") from error
