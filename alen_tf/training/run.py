"""A training run in its workdir: epochs, evaluations, checkpoints, summaries; how it resumes."""

import dataclasses
import math
import time

from alen_tf.datasets.splits import Splits
from alen_tf.errors import NonFiniteError, WorkdirError
from alen_tf.evaluation import calibration, model_card
from alen_tf.evaluation.scores import by_step, predict_splits
from alen_tf.models.structured_model import StructuredModel
from alen_tf.storage import write, write_json
from alen_tf.tasks.task import Task
from alen_tf.training import results, summaries
from alen_tf.training.averaging import Average
from alen_tf.training.checkpoints import Checkpoints
from alen_tf.training.distribution import Workers
from alen_tf.training.interruption import Interruption
from alen_tf.training.loop import Batches, Loop
from alen_tf.training.progress_bar import ProgressBar
from alen_tf.training.streamed import Streamed
from alen_tf.training.workdir import Workdir

# A state is also saved before an evaluation that may take longer than an interrupted run waits,
LONG_EVALUATION = 2.0
# and where the last one is so many seconds old.
SAVE_SECONDS = 300.0
SHOWN = 64  # examples that pictures may choose from
# TensorBoard gets pictures so often in a run, but not more often than after so many epochs.
PICTURES = 5
FEWEST_EPOCHS = 5


@dataclasses.dataclass
class Progress:
    """The progress of a run: all state other than variables.

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


@dataclasses.dataclass(eq=False)
class Run:
    """One training run in its workdir, continued from the last saved state.

    Attributes:
      workdir: the locked `Workdir`.
      config: all gin bindings, as text.
      task: the `Task`.
      splits: its `Splits`.
      model: a built and compiled `StructuredModel`.
      average: the `Average` of its weights.
      batches: the `Batches`, or `Streamed` ones.
      epochs: passes over the training split.
      first_choice: the first epoch that may be selected as the best.
      interruption: an `Interruption`, after which the run saves its state and ends.
      workers: the `Workers` that take steps together.
    """

    workdir: Workdir
    config: str
    task: Task
    splits: Splits
    model: StructuredModel
    average: Average
    batches: Batches | Streamed
    epochs: int
    first_choice: int
    interruption: Interruption
    workers: Workers

    def __post_init__(self):
        optimizers = [variable.value for variable in self.model.optimizer.variables]
        self.latest = Checkpoints(
            self.workdir.latest,
            keep=2,
            model=self.model.state,
            optimizers=optimizers,
            average=self.average,
        )
        self.best = Checkpoints(self.workdir.best, model=self.model.state)
        self._loop = Loop(self.model, self.batches, self.workers, self.model.jit_compile)
        self._best_path = None  # on validation, of the best checkpoint, if this process saw it
        self._saved_at = time.monotonic()
        saved, problems = self.latest.restore()
        self.progress = Progress(**saved or {})
        if self.progress.best_epoch:
            self.best.verify()  # now rather than at the end of the run
        elif not saved and self.best.newest():
            raise WorkdirError(
                f"{self.workdir.latest} is empty, but {self.best.newest()} exists; start again "
                "with --restart, which renames the old folder"
            )
        self.summaries = summaries.Summaries(self.workdir, self.config, self.progress.events)
        for problem in problems + self.summaries.problems:
            print(problem)
        if saved:
            print(f"resuming {self.workdir.path} {self._place()}")
        self.workers.check_same(
            str(self._step),
            f"step {self._step}, but another worker has another step: --workdir must be one folder "
            "that all workers share, and --restart must be given to all or to none",
        )
        if not saved:
            self._save()

    def train(self, evaluate_every, test_every):
        """Trains to the last epoch, evaluating and saving as it goes."""
        bar = ProgressBar(self.epochs)
        evaluation_seconds = math.inf  # the first one may be long
        for epoch in range(self.progress.epoch, self.epochs):
            scalars = self._train_epoch(epoch)
            shown = {name: value for name, value in scalars.items() if "/" not in name}
            due = (epoch + 1) % evaluate_every == 0 or epoch + 1 == self.epochs
            if due and evaluation_seconds > LONG_EVALUATION:
                self._save()
            start = time.monotonic()
            self.progress = dataclasses.replace(self.progress, epoch=epoch + 1, step=0, sums={})
            self.average.update(epoch)
            self.summaries.train(scalars | self._learning_rates(), step=self._step)
            if test_every and (epoch + 1) % test_every == 0:
                with self.average.taken():
                    path = self.model.refine(self.splits.test.x)
                curve = by_step(self.task, path, self.splits.test.truth)
                self.progress.test_curve[str(epoch + 1)] = curve[-1]
            if due:
                with self.average.taken():
                    shown["validation"] = self._evaluate(evaluate_every)
                self._save()
                evaluation_seconds = self.workers.mean(time.monotonic() - start)
            self._stop_if_asked()
            bar.update(epoch + 1, shown)

    def _train_epoch(self, epoch):
        """The rest of a pass over the training split; returns the means of the model's scalars."""
        progress, start = self.progress, time.monotonic()
        try:
            for step, sums in self._loop.parts(epoch, progress.step, progress.sums):
                progress.step, progress.sums = step, sums
                progress.seconds += time.monotonic() - start
                if self.workers.mean(time.monotonic() - self._saved_at) > SAVE_SECONDS:
                    self._save()
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
        self._saved_at = time.monotonic()

    def _learning_rates(self):
        """Those of the next step, by name of the scalar."""
        optimizers = self.model.optimizers.items()
        return {f"learning_rate/{name}": float(each.learning_rate) for name, each in optimizers}

    def _evaluate(self, every):
        """Scores the validation split, as after `every` so many epochs, and keeps the model if it
        is the best so far; the refined score."""
        progress, epoch = self.progress, self.progress.epoch
        path = self.model.refine(self.splits.validation.x)
        curve = by_step(self.task, path, self.splits.validation.truth)
        self.summaries.score_by_step(self.task.metric, curve, self._step)
        between = max(FEWEST_EPOCHS, self.epochs // PICTURES)
        if epoch % between < every and epoch < self.epochs:
            figures = self._pictures({"validation": curve}, "validation", path)
            figures = {f"validation/{name}": figure for name, figure in figures.items()}
            self.summaries.pictures(figures, self._step)
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
        paths = predict_splits(self.model, self.splits, test, self._best_path)
        scores, signature = calibration.evaluate_and_judge(
            self.task, self.splits, self.model, paths
        )
        write_json(self.workdir.model, signature.to_json())
        content = results.of(
            self.splits,
            self.model,
            scores,
            seed,
            self.epochs,
            self.progress.best_epoch,
            self.progress.test_curve,
            steps * self.batches.size,
            self.progress.seconds,
        )
        write_json(self.workdir.results, content)
        write(self.workdir.card, model_card.of_run(content, signature, self.splits))
        self._draw(content, paths, steps)
        self.summaries.close()
        return content

    def _draw(self, content, paths, step):
        curves = {split: content[split]["by_step"] for split in paths}
        figures = self._pictures(curves, *list(paths.items())[-1])
        if figure := calibration.figure(content):
            figures["calibration"] = figure
        self.summaries.pictures(figures, step, files=True)

    def _pictures(self, curves, split, path):
        """Figures by name, of scores after every step by split and of examples of one split."""
        shown = getattr(self.splits, split).take(slice(0, SHOWN))
        figures = {"score_by_step": summaries.score_by_step(curves, self.task.metric)}
        return figures | self.task.pictures(shown.x, path[:, :SHOWN], shown.truth)
