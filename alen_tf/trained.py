"""A trained model, from its workdir."""

import gin
import tensorflow as tf

from alen_tf import config, trainer
from alen_tf.errors import WorkdirError
from alen_tf.workdir import Workdir


def restore(workdir, manual_dir=None, data_dir=None, params=()):
    """Rebuilds the model that a workdir's configuration describes, with its best weights.

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
    workdir.read_config()
    config.parse([workdir.config], params)
    root = gin.get_bindings(trainer.train)
    task, learner = root["task"], root["learner"]
    checkpoint = tf.train.latest_checkpoint(str(workdir.best))
    if checkpoint is None:
        raise WorkdirError(f"{workdir.path} holds no trained model yet: {workdir.best} is empty")
    splits = task.load(manual_dir, data_dir)
    shapes = splits.train.x.shape[1:], splits.train.y.shape[1:]
    learner.build(*shapes, task.space, task.oracle, total_steps=1)
    try:
        tf.train.Checkpoint(learner=learner).restore(checkpoint).expect_partial()
    except (tf.errors.OpError, ValueError) as error:
        raise WorkdirError(f"{checkpoint} cannot be read: {str(error).splitlines()[0]}") from error
    return task, splits, learner
