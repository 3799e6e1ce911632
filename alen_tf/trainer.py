"""The training loop: steps, evaluation, checkpoints, summaries."""

import dataclasses
import sys
import time

import gin
import keras

from alen_tf import calibration, evaluation, provenance, results, summaries
from alen_tf.averaging import Average
from alen_tf.checkpoints import Checkpoints
from alen_tf.distribution import Workers
from alen_tf.errors import (
    ConfigError,
    NonFiniteError,
    WorkdirError,
    check_count,
    check_number,
    check_seed,
)
from alen_tf.interruption import Interruption
from alen_tf.learning.learner import Learner
from alen_tf.loop import Batches, Loop
from alen_tf.networks.precision import made_in
from alen_tf.tasks.task import Task
from alen_tf.workdir import Workdir, write_json

# A state is also saved before an evaluation that may take longer than an interrupted run waits.
LONG_EVALUATION = 2.0
SHOWN = 64  # examples that pictures may choose from


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
    ema=0.0,
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
      ema: decay per epoch of the `Average` of the weights, which is evaluated and kept in their
        place; 0 for the weights themselves.
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
    check_number("train.ema", ema, most=1.0)
    check_number("train.choose_from", choose_from, most=1.0)
    check_seed("train.seed", seed)
    if not isinstance(test, bool):
        raise ConfigError(f"train.test is {test!r}, expected True or False")
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
        average = Average(learner.weights, ema)
        config = gin.operative_config_str()
        choice = min(epochs, round(choose_from * epochs) + 1)
        made_by = provenance.of(splits)
        workers.check_same(
            config + repr(made_by),
            "another code, configuration or data than another worker",
        )
        stop = Interruption() if interruption is None else interruption
        with Workdir(folder).locked() as held:
            held.claim(config, made_by)
            run = _Run(
                held, config, task, splits, learner, average, batches, epochs, choice, stop, workers
            )
            run.train(evaluate_every, test_every)
            return run.finish(seed, test)


@dataclasses.dataclass
class _Progress:
    """Where a run is, and what it has seen: all of its state that is not a variable.

    Attributes:
      epoch, step: epochs that have ended, and steps of the one that has not.
      sums: sums of the scalars of those steps.
      seconds: of training.
      best_score, best_epoch: of the best checkpoint.
      test_curve: test score by epoch.
      events: position in the event files, see `Summaries`.
    """

    epoch: int = 0
    step: int = 0
    sums: dict[str, float] = dataclasses.field(default_factory=dict)
    seconds: float = 0.0
    best_score: float = float("-inf")
    best_epoch: int = 0
    test_curve: dict[str, float] = dataclasses.field(default_factory=dict)
    events: dict[str, int] | None = None


class _Run:
    """One training run in its workdir, continued after what was saved last."""

    def __init__(
        self,
        workdir,
        config,
        task,
        splits,
        learner,
        average,
        batches,
        epochs,
        first_choice,
        interruption,
        workers,
    ):
        self.workdir = workdir
        self.task = task
        self.splits = splits
        self.learner = learner
        self.average = average
        self.batches = batches
        self.epochs = epochs
        self.first_choice = first_choice  # the first epoch whose model may be the best one
        self.interruption = interruption
        self.workers = workers
        self.predict = evaluation.Predictor(learner)
        self.latest = Checkpoints(workdir.latest, keep=2, learner=learner, average=average)
        self.best = Checkpoints(workdir.best, learner=learner)
        self._loop = Loop(learner, batches, workers)
        self._best_path = None  # on validation, of the best checkpoint, if this process saw it
        saved, problems = self.latest.restore()
        self.progress = _Progress(**saved or {})
        if self.progress.best_epoch:
            self.best.verify()  # now, not at the end of the run
        elif not saved and self.best.newest():
            raise WorkdirError(
                f"{workdir.latest} is empty, but {self.best.newest()} is there; start again with "
                "--restart, which keeps the old folder beside"
            )
        self.summaries = summaries.Summaries(workdir, config, self.progress.events)
        for problem in problems + self.summaries.problems:
            print(problem)
        if saved:
            print(f"resuming {workdir.path} {self._place()}")
        workers.check_same(
            str(self._step),
            f"step {self._step}, and another worker another one: --workdir must be one folder that "
            "all workers see, and --restart be given to all or to none",
        )
        if not saved:
            self._save()

    def train(self, evaluate_every, test_every):
        """Trains to the last epoch, evaluating and saving as it goes."""
        bar = keras.utils.Progbar(
            self.epochs, interval=0.1 if sys.stdout.isatty() else 5.0, unit_name="epoch"
        )
        evaluation_seconds = 0.0
        for epoch in range(self.progress.epoch, self.epochs):
            scalars = self._train_epoch(epoch)
            shown = {name: value for name, value in scalars.items() if "/" not in name}
            due = (epoch + 1) % evaluate_every == 0 or epoch + 1 == self.epochs
            if due and evaluation_seconds > LONG_EVALUATION:
                self._save()
            start = time.monotonic()
            self.progress = dataclasses.replace(self.progress, epoch=epoch + 1, step=0, sums={})
            self.average.update(epoch)
            self.summaries.train(scalars, step=(epoch + 1) * self.batches.per_epoch)
            if test_every and (epoch + 1) % test_every == 0:
                with self.average.taken():
                    path = self.predict(self.splits.test.x)
                curve = evaluation.by_step(self.task, path, self.splits.test.truth)
                self.progress.test_curve[str(epoch + 1)] = curve[-1]
            if due:
                with self.average.taken():
                    shown["validation"] = self._evaluate()
                self._save()
            self._stop_if_asked()
            evaluation_seconds = time.monotonic() - start
            bar.stateful_metrics |= shown.keys()  # shown as they are, not averaged over epochs
            bar.update(epoch + 1, list(shown.items()))

    def _train_epoch(self, epoch):
        """What is left of a pass over the training split; the means of the learner's scalars."""
        progress, start = self.progress, time.monotonic()
        try:
            for step, sums in self._loop.parts(epoch, progress.step, progress.sums):
                progress.step, progress.sums = step, sums
                progress.seconds += time.monotonic() - start
                self._stop_if_asked()
                start = time.monotonic()
        except NonFiniteError as error:
            kept = self.latest.newest() or "none was saved yet"
            raise NonFiniteError(f"{error}; last good checkpoint: {kept}") from error
        return self._loop.means(progress.sums)

    @property
    def _step(self):
        return self.progress.epoch * self.batches.per_epoch + self.progress.step

    def _place(self):
        step = f", step {self.progress.step}" if self.progress.step else ""
        return f"after epoch {self.progress.epoch}{step}"

    def _stop_if_asked(self):
        if self.workers.stop_asked(self.interruption):
            self._save()
            raise self.interruption.error(
                f"{self.workdir.path} is saved {self._place()}; the same command resumes"
            )

    def _save(self):
        """Saves the state to resume from."""
        self.workdir.check_held()
        progress = self.progress
        progress.events = self.summaries.position()
        self.latest.save(self._step, dataclasses.asdict(progress))

    def _evaluate(self):
        """Scores the validation split and keeps the model if it is the best so far; the refined
        score."""
        progress, epoch = self.progress, self.progress.epoch
        path = self.predict(self.splits.validation.x)
        curve = evaluation.by_step(self.task, path, self.splits.validation.truth)
        scalars = {f"{self.task.metric}/step_{step:02d}": score for step, score in enumerate(curve)}
        scalars |= {
            f"{self.task.metric}/inference_network": curve[0],
            f"{self.task.metric}/refined": curve[-1],
        }
        self.summaries.evaluation(scalars, step=epoch * self.batches.per_epoch)
        if epoch >= self.first_choice and curve[-1] > progress.best_score:
            progress.best_score, progress.best_epoch = curve[-1], epoch
            self._best_path = path
            x, y = self.splits.train.x, self.splits.train.y
            self.workdir.check_held()
            self.best.save(epoch, {"input_shape": x.shape[1:], "output_shape": y.shape[1:]})
        return curve[-1]

    def finish(self, seed, test):
        """Evaluates the best checkpoint, and writes results and pictures."""
        self.best.restore()
        steps = self.epochs * self.batches.per_epoch
        paths = evaluation.predict_splits(self.predict, self.splits, test, self._best_path)
        scores, interface = calibration.evaluate_and_judge(
            self.task, self.splits, self.learner, paths
        )
        write_json(self.workdir.model, interface.to_json())
        content = results.of(
            self.splits,
            self.learner,
            scores,
            seed,
            self.epochs,
            self.progress.best_epoch,
            self.progress.test_curve,
            steps * self.batches.size,
            self.progress.seconds,
        )
        write_json(self.workdir.results, content)
        self._draw(content, paths, steps)
        self.summaries.close()
        return content

    def _draw(self, content, paths, step):
        curves = {split: content[split]["by_step"] for split in paths}
        figures = {"score_by_step": summaries.score_by_step(curves, self.task.metric)}
        if figure := calibration.figure(content):
            figures["calibration"] = figure
        split, path = list(paths.items())[-1]
        shown = getattr(self.splits, split).take(slice(0, SHOWN))
        figures |= self.task.pictures(shown.x, path[:, :SHOWN], shown.truth)
        self.summaries.pictures(figures, step)
