"""What the training command does: a configuration's task and learner become a `Run`."""

import gin
import keras

from alen_tf.errors import ConfigError, check_count, check_number, check_seed
from alen_tf.models.learner import Learner
from alen_tf.networks.precision import made_in
from alen_tf.tasks.task import Task
from alen_tf.training import provenance
from alen_tf.training.averaging import Average
from alen_tf.training.config import check_effective
from alen_tf.training.distribution import Workers
from alen_tf.training.interruption import Interruption
from alen_tf.training.loop import Batches
from alen_tf.training.run import Run
from alen_tf.training.workdir import Workdir


@gin.configurable(denylist=("workdir", "manual_dir", "data_dir", "interruption", "restart"))
def train(
    workdir,
    manual_dir=None,
    data_dir=None,
    interruption=None,
    restart=False,
    task=gin.REQUIRED,
    learner=gin.REQUIRED,
    epochs=gin.REQUIRED,
    batch_size=20,
    seed=0,
    average=False,
    evaluate_every=1,
    choose_from=0.0,
    test_every=0,
    test=True,
    strategy=None,
    precision="float32",
):
    """Trains `learner` on `task`, resuming what `workdir` holds, and evaluates its best checkpoint.

    Args:
      workdir: folder of the run.
      manual_dir, data_dir: see `Task.load`.
      interruption: an `Interruption`, after which the run saves its state and ends.
      restart: whether to start anew; a `workdir` that exists is renamed.
      task: the `Task`.
      learner: the `Learner`, not yet built.
      epochs: passes over the training split.
      batch_size: examples per step, over all replicas.
      seed: of initial weights, dropout and the order of examples.
      average: whether the `Average` of the weights is evaluated and kept in their place.
      evaluate_every: epochs between evaluations on validation.
      choose_from: fraction of the run before which no checkpoint is chosen. The highest of many
        scores on a small validation split is often an early accident, and annealing is worth more.
      test_every: epochs between scores of the test split, for a curve that chooses nothing; 0 for
        no curve.
      test: whether the test split is evaluated at the end; a search for hyper-parameters does not.
      strategy: what trains: one device, or all that `Workers` finds by this name.
      precision: of the networks' hidden layers: "float32", or "mixed_bfloat16" for devices that are
        faster in bfloat16.

    Returns:
      The content of `results.json`.

    Raises:
      UserError: configuration, data or workdir are wrong, or a loss is no longer finite.
      Interrupted: the interruption came.
    """
    for name, made, kind in (("task", task, Task), ("learner", learner, Learner)):
        if not isinstance(made, kind):
            raise ConfigError(f"train.{name} is {made!r}, no {kind.__name__}: write it as @NAME()")
    check_count("train.epochs", epochs)
    check_count("train.batch_size", batch_size)
    check_count("train.evaluate_every", evaluate_every)
    check_count("train.test_every", test_every, least=0)
    check_number("train.choose_from", choose_from, most=1.0)
    check_seed("train.seed", seed)
    for name, flag in (("average", average), ("test", test)):
        if not isinstance(flag, bool):
            raise ConfigError(f"train.{name} is {flag!r}, expected True or False")
    workers = Workers(strategy)
    if restart and workers.first and (old := Workdir(workdir).archive()):
        print(f"{workdir}: what it held is now in {old}")
    with made_in(precision), workers.strategy.scope(), workers.own_copy(workdir) as folder:
        splits = task.load(manual_dir, data_dir)
        keras.utils.set_random_seed(seed)
        batches = Batches(splits.train, batch_size, seed, task.augmentation, splits.finer)
        shapes = splits.train.x.shape[1:], splits.train.y.shape[1:]
        steps = epochs * batches.per_epoch
        learner.build(*shapes, task.space, task.oracle, steps, task.views)
        learner.adapt(splits.train.x)
        averages = Average(learner.weights if average else ())
        check_effective()
        config = gin.operative_config_str()
        made_by = provenance.of(splits)
        workers.check_same(
            config + repr(made_by),
            "another code, configuration or data than another worker",
        )
        with Workdir(folder).locked() as held:
            held.claim(config, made_by)
            run = Run(
                workdir=held,
                config=config,
                task=task,
                splits=splits,
                learner=learner,
                average=averages,
                batches=batches,
                epochs=epochs,
                first_choice=min(epochs, round(choose_from * epochs) + 1),
                interruption=Interruption() if interruption is None else interruption,
                workers=workers,
            )
            run.train(evaluate_every, test_every)
            return run.finish(seed, test)
