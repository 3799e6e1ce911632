"""The training command for a configuration that binds `cross_fit.task`: fits the cross-fitted model
of `ALENClassifier` in a workdir."""

import functools

import gin
import numpy as np

from alen_tf.cross_fitting import scores
from alen_tf.cross_fitting.cross_fitted import CrossFitted, check_settings, chosen
from alen_tf.cross_fitting.kept import Kept
from alen_tf.datasets.shards import Sharded
from alen_tf.errors import ConfigError, check_seed
from alen_tf.evaluation.signature import Signature
from alen_tf.objectives import oracles
from alen_tf.sparse_rows import stacked
from alen_tf.storage import write_json
from alen_tf.tasks.multilabel import MultiLabel
from alen_tf.training import provenance, results
from alen_tf.training.config import check_effective
from alen_tf.training.interruption import Interruption
from alen_tf.training.workdir import Workdir

MODEL = "cross_fitted"  # the name of the whole model in `Kept`
# The modules that decide the result of a run, besides its data and packages.
CODE = (
    "cross_fitting/*.py",
    "inference/*.py",
    "models/*.py",
    "networks/*.py",
    "objectives/*.py",
    "sparse_rows.py",
    "training/in_memory.py",
    "training/loop.py",
)
PACKAGES = (*provenance.PACKAGES, "scikit-learn", "iterative-stratification")


@gin.configurable(denylist=("workdir", "manual_dir", "data_dir", "interruption", "restart"))
def cross_fit(
    workdir,
    manual_dir=None,
    data_dir=None,
    interruption=None,
    restart=False,
    task=gin.REQUIRED,
    estimator="auto",
    folds=5,
    decoding="auto",
    seed=0,
):
    """Fits `CrossFitted` to the training and validation rows of `task`, resuming from `workdir`,
    and scores it on the test split.

    No validation split is needed: out-of-fold predictions choose everything.

    Args:
      workdir: folder of the run.
      manual_dir, data_dir: see `Task.load`.
      interruption: an `Interruption`, after which the run ends.
      restart: whether to start again; an existing `workdir` is renamed.
      task: a `MultiLabel` task of rows of features.
      estimator: the classifiers that serve as g: "auto" for several kinds, a network that returns
        logits, such as @MLP(), or a list of networks. See `ALENClassifier`.
      folds: number of folds for out-of-fold marginals, at least 2.
      decoding: "auto", "refined", "expected_f1" or "threshold".
      seed: of folds, classifiers and energy.

    Returns:
      The content of `results.json`.

    Raises:
      UserError: configuration, data or workdir are wrong.
      Interrupted: the run was interrupted.
    """
    _check_task(task)
    check_settings(estimator, folds, decoding)
    check_seed("cross_fit.seed", seed)
    if restart:
        Workdir(workdir).archive()
    splits = task.load(manual_dir, data_dir)
    x, y = learned(splits)
    check_effective()
    config = gin.operative_config_str()
    with Workdir(workdir).locked() as held:
        held.claim(config, provenance.of(splits, CODE, PACKAGES))
        keep = Kept(held, Interruption() if interruption is None else interruption)
        fit = functools.partial(
            CrossFitted,
            chosen(estimator, x, y, seed),
            *(x, y, folds, decoding, seed),
            verbose=True,
            keep=keep,
        )
        model = keep(MODEL, fit)
        keep.forget_all_but(MODEL)
        content = {
            "dataset": splits.name,
            **splits.metadata,
            "method": MODEL,
            "seed": seed,
            **scores.of(model, splits.test),
            "rows": len(y),
            "train_seconds": round(keep.seconds, 2),
            **results.made_by(),
        }
        write_json(held.model, signature(splits, model).to_json())
        write_json(held.results, content)
    return content


def learned(splits):
    """All rows to learn from, in the order of training and validation split: (float32 [rows,
    features], an array or a CSR matrix; [rows, labels], uint8, or float32 with NaN where labels are
    missing).

    Raises:
      ConfigError: inputs are not rows of features.
    """
    if isinstance(splits.train, Sharded):
        raise ConfigError(
            f"{splits.name}: cross_fit needs all rows in memory: train shards with "
            "gin/own/sharded.gin, or give the files to gin/own/multilabel.gin"
        )
    parts = splits.train, splits.validation
    x, y = (stacked([getattr(part, name) for part in parts]) for name in "xy")
    if x.ndim != 2 or y.ndim != 2:
        raise ConfigError(
            f"{splits.name}: inputs and outputs have shapes {x.shape[1:]} and {y.shape[1:]}, but "
            "cross_fit needs rows of features and labels"
        )
    return x.astype(np.float32), y if np.isnan(y).any() else y.astype(np.uint8)


def signature(splits, model):
    """The `Signature` of a `CrossFitted`; it has a threshold if one is used for decoding."""
    refined = model.refined
    threshold = refined.threshold if refined.decoding == "threshold" else None
    return Signature.of(splits, threshold, "F1")


def _check_task(task):
    if not isinstance(task, MultiLabel):
        raise ConfigError(
            f"cross_fit.task is {task!r}, which does not predict label sets: write "
            "@MultiLabel(), or train other tasks jointly, with train.task"
        )
    if task.oracle is not oracles.f1:
        raise ConfigError("cross_fit supports only F1: do not bind MultiLabel.oracle")
