"""The trained model of a workdir, whichever kind of training made it."""

from alen_tf.cross_fitting import trained as cross_fitted
from alen_tf.serving import trained


def load(workdir, steps=None):
    """Loads a `TrainedModel`, or a `CrossFittedModel`, which has the same interface.

    Args:
      workdir: folder of a run that has ended.
      steps: number of refinement steps that will be requested.

    Raises:
      UserError: the workdir holds no trained model, or `steps` is given for one that does not take
        it.
    """
    if not cross_fitted.is_cross_fitted(workdir):
        return trained.load(workdir)
    cross_fitted.check_steps(steps)
    return cross_fitted.load(workdir)
