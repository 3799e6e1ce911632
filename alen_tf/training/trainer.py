"""The training command: makes a `Run` from a configuration's task and model."""

import gin
import keras

from alen_tf.datasets.shards import Sharded
from alen_tf.errors import ConfigError, check_count, check_number, check_seed
from alen_tf.models.structured_model import StructuredModel
from alen_tf.networks.precision import made_in
from alen_tf.networks.standardization import Standardization
from alen_tf.tasks.task import Task
from alen_tf.training import provenance
from alen_tf.training.averaging import Average
from alen_tf.training.config import check_effective
from alen_tf.training.distribution import Workers
from alen_tf.training.interruption import Interruption
from alen_tf.training.loop import Batches
from alen_tf.training.run import Run
from alen_tf.training.streamed import Streamed
from alen_tf.training.workdir import Workdir


@gin.configurable(denylist=("workdir", "manual_dir", "data_dir", "interruption", "restart"))
def train(
    workdir,
    manual_dir=None,
    data_dir=None,
    interruption=None,
    restart=False,
    task=gin.REQUIRED,
    model=gin.REQUIRED,
    energy_optimizer=None,
    inference_optimizer=None,
    epochs=gin.REQUIRED,
    batch_size=20,
    seed=0,
    average=False,
    evaluate_every=1,
    select_after=0.0,
    test_every=0,
    test=True,
    strategy=None,
    precision="float32",
    jit_compile=False,
):
    """Trains `model` on `task`, resuming from `workdir`, and evaluates its best checkpoint.

    Args:
      workdir: folder of the run.
      manual_dir, data_dir: see `Task.load`.
      interruption: an `Interruption`, after which the run saves its state and ends.
      restart: whether to start again; an existing `workdir` is renamed.
      task: the `Task`.
      model: maker of the `StructuredModel`, such as a method with its arguments bound. It is called
        after the task's data is loaded and the seed is set.
      energy_optimizer, inference_optimizer: makers of the optimizers of these networks, called with
        the run's number of steps; by default the method's own.
      epochs: passes over the training split.
      batch_size: examples per step, over all replicas.
      seed: of initial weights, dropout and the order of examples.
      average: whether the `Average` of the weights is evaluated and kept in their place.
      evaluate_every: epochs between evaluations on validation.
      select_after: fraction of the run before which no checkpoint is chosen. The highest of many
        scores on a small validation split is often an early accident, and annealing is worth more.
      test_every: epochs between scores of the test split, for a curve that chooses nothing; 0 for
        no curve.
      test: whether the test split is evaluated at the end; a search for hyper-parameters does not.
      strategy: the devices to train on; see `Workers`.
      precision: of the networks' hidden layers: "float32", or "mixed_bfloat16" for devices that are
        faster in bfloat16.
      jit_compile: whether XLA compiles training steps, refinement included, or with rows of
        features the whole loop; on one device only. Numbers differ in rounding, and in the draws of
        dropout. docs/performance.md has what it is worth.

    Returns:
      The content of `results.json`.

    Raises:
      UserError: configuration, data or workdir are wrong, or a loss is no longer finite.
      Interrupted: the run was interrupted.
    """
    if not isinstance(task, Task):
        raise ConfigError(f"train.task is {task!r}, not a Task: write it as @NAME()")
    if not callable(model) or isinstance(model, StructuredModel):
        raise ConfigError(f"train.model is {model!r}, not a model class: write it as @NAME")
    if isinstance(model, type) and not issubclass(model, StructuredModel):
        raise ConfigError(f"train.model is {model.__name__}, not a StructuredModel such as ALEN")
    check_count("train.epochs", epochs)
    check_count("train.batch_size", batch_size)
    check_count("train.evaluate_every", evaluate_every)
    check_count("train.test_every", test_every, least=0)
    check_number("train.select_after", select_after, most=1.0)
    check_seed("train.seed", seed)
    for name, flag in (("average", average), ("test", test), ("jit_compile", jit_compile)):
        if not isinstance(flag, bool):
            raise ConfigError(f"train.{name} is {flag!r}, expected True or False")
    if jit_compile and strategy is not None:
        raise ConfigError(
            f"train.jit_compile = True is for one device: leave out train.strategy = {strategy!r}, "
            "or train.jit_compile"
        )
    workers = Workers(strategy)
    if restart and workers.first:
        Workdir(workdir).archive()
    with made_in(precision), workers.strategy.scope(), workers.own_copy(workdir) as folder:
        splits = task.load(manual_dir, data_dir)
        if not len(splits.validation):
            raise ConfigError(
                f"{splits.name}: no validation split to choose epoch and threshold; set "
                "validation_fraction above 0"
            )
        keras.utils.set_random_seed(seed)
        sharded = isinstance(splits.train, Sharded)
        batches = (
            Streamed(splits.train, batch_size, seed)
            if sharded
            else Batches(splits.train, batch_size, seed, task.augmentation, splits.high_res)
        )
        made = build(model, task, splits.train.x.shape, splits.train.y.shape, seed)
        if splits.train.incomplete and not made.skips_missing:
            raise ConfigError(
                f"{splits.name}: some outputs are missing, but {made.name} cannot ignore them; "
                "train.model = @ALEN or @FeedForward can"
            )
        if not sharded:  # whose numbers are used as they are
            made.preprocessing.adapt(splits.train.x)
        makers = {"energy_optimizer": energy_optimizer, "inference_optimizer": inference_optimizer}
        steps = epochs * batches.per_epoch
        optimizers = {name: make(steps) for name, make in makers.items() if make}
        made.compile(**optimizers, jit_compile=jit_compile)
        averages = Average(made.network_state if average else ())
        check_effective()
        config = gin.operative_config_str()
        made_by = provenance.of(splits)
        workers.check_same(
            config + repr(made_by),
            "code, configuration or data that differ from another worker's",
        )
        with Workdir(folder).locked() as held:
            held.claim(config, made_by)
            run = Run(
                workdir=held,
                config=config,
                task=task,
                splits=splits,
                model=made,
                average=averages,
                batches=batches,
                epochs=epochs,
                first_choice=min(epochs, round(select_after * epochs) + 1),
                interruption=Interruption() if interruption is None else interruption,
                workers=workers,
            )
            run.train(evaluate_every, test_every)
            return run.finish(seed, test)


def build(model, task, x_shape, y_shape, seed=None):
    """The built model of a task.

    Args:
      model: maker of a `StructuredModel`.
      task: the `Task`.
      x_shape, y_shape: of all inputs and outputs, [examples, ...].
      seed: of the model's random draws.

    Raises:
      ConfigError: the maker makes something else, or the model does not fit the task.
    """
    made = model(
        output_space=task.space,
        oracle=task.oracle,
        preprocessing=Standardization(dtype="float32"),
        test_time_augmentation=task.test_time_augmentation,
        seed=seed,
    )
    if not isinstance(made, StructuredModel):
        raise ConfigError(f"train.model makes {made!r}, not a StructuredModel")
    made.build(x_shape, y_shape)
    return made
