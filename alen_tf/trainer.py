"""The training loop: steps, evaluation, checkpoints, summaries."""

import platform
import shlex
import sys
import time

import gin
import keras
import numpy as np
import tensorflow as tf

import alen_tf
from alen_tf import calibration, evaluation, summaries
from alen_tf.errors import NonFiniteError
from alen_tf.interface import Interface
from alen_tf.loop import Batches, Loop
from alen_tf.model import Model
from alen_tf.workdir import Workdir, write_json


@gin.configurable
def train(
    workdir,
    manual_dir=None,
    data_dir=None,
    task=gin.REQUIRED,
    learner=gin.REQUIRED,
    epochs=gin.REQUIRED,
    batch_size=20,
    seed=0,
    evaluate_every=1,
    choose_from=0.0,
    test_every=0,
    test=True,
):
    """Trains `learner` on `task`, resuming what `workdir` holds, and evaluates its best checkpoint.

    Args:
      workdir: folder of the run.
      manual_dir, data_dir: see `Task.load`.
      task: the `Task`.
      learner: the `Learner`, not yet built.
      epochs: passes over the training split.
      batch_size: examples per step, over all replicas.
      seed: of initial weights, dropout and the order of examples.
      evaluate_every: epochs between evaluations on validation.
      choose_from: fraction of the run before which no checkpoint is chosen. The highest of many
        scores on a small validation split is often an early accident, and annealing is worth more.
      test_every: epochs between scores of the test split, for a curve that chooses nothing; 0 for
        no curve.
      test: whether the test split is evaluated at the end; a search for hyper-parameters does not.

    Returns:
      The content of `results.json`.

    Raises:
      UserError: configuration, data or workdir are wrong, or a loss is no longer finite.
    """
    splits = task.load(manual_dir, data_dir)
    keras.utils.set_random_seed(seed)
    batches = Batches(splits.train, batch_size, seed, task.augmentation)
    learner.build(
        splits.train.x.shape[1:],
        splits.train.y.shape[1:],
        task.space,
        task.oracle,
        epochs * batches.per_epoch,
        task.views,
    )
    learner.adapt(splits.train.x)
    config = gin.operative_config_str()
    workdir = Workdir(workdir)
    workdir.claim(config)

    first_choice = min(epochs, round(choose_from * epochs) + 1)
    run = _Run(workdir, config, task, splits, learner, batches, epochs, first_choice)
    run.resume()
    run.train(evaluate_every, test_every)
    return run.finish(seed, test)


class _Run:
    """One training run in its workdir."""

    def __init__(self, workdir, config, task, splits, learner, batches, epochs, first_choice):
        self.workdir = workdir
        self.task = task
        self.splits = splits
        self.learner = learner
        self.batches = batches
        self.epochs = epochs
        self.first_choice = first_choice  # the first epoch whose model may be the best one
        self.predict = evaluation.Predictor(learner)
        self.summaries = summaries.Summaries(workdir, config)
        self.epoch = tf.Variable(0, dtype=tf.int32)
        self.seconds = tf.Variable(0.0, dtype=tf.float64)
        self.best_score = tf.Variable(-np.inf, dtype=tf.float64)
        self.best_epoch = tf.Variable(0, dtype=tf.int32)
        self.test_curve = tf.Variable(np.full(epochs, np.nan))  # test score after each epoch
        state = tf.train.Checkpoint(
            learner=learner,
            epoch=self.epoch,
            seconds=self.seconds,
            best_score=self.best_score,
            best_epoch=self.best_epoch,
            test_curve=self.test_curve,
        )
        self.latest = tf.train.CheckpointManager(state, str(workdir.latest), max_to_keep=2)
        self.best = tf.train.CheckpointManager(
            tf.train.Checkpoint(learner=learner), str(workdir.best), max_to_keep=1
        )
        self._loop = Loop(learner, batches)

    def resume(self):
        """Continues after the last saved epoch, where there is one."""
        if self.latest.restore_or_initialize():
            print(f"resuming {self.workdir.path} after epoch {self.epoch.numpy()}")

    def train(self, evaluate_every, test_every):
        """Trains to the last epoch, evaluating and saving as it goes."""
        bar = keras.utils.Progbar(
            self.epochs, interval=0.1 if sys.stdout.isatty() else 5.0, unit_name="epoch"
        )
        for epoch in range(self.epoch.numpy(), self.epochs):
            scalars = self._train_epoch(epoch)
            self.summaries.train(scalars, step=(epoch + 1) * self.batches.per_epoch)
            shown = {name: value for name, value in scalars.items() if "/" not in name}
            if test_every and (epoch + 1) % test_every == 0:
                self.test_curve[epoch].assign(self._by_step(self.splits.test)[-1])
            if (epoch + 1) % evaluate_every == 0 or epoch + 1 == self.epochs:
                shown["validation"] = self._evaluate(epoch + 1)
                self.latest.save(epoch + 1)
            bar.stateful_metrics |= shown.keys()  # shown as they are, not averaged over epochs
            bar.update(epoch + 1, list(shown.items()))

    def _train_epoch(self, epoch):
        """One pass over the training split; the means of the learner's scalars."""
        start = time.monotonic()
        try:
            scalars = self._loop.epoch(epoch)
        except NonFiniteError as error:
            kept = self.latest.latest_checkpoint or "none was saved yet"
            raise NonFiniteError(f"{error}; last good checkpoint: {kept}") from error
        self.seconds.assign_add(time.monotonic() - start)
        return scalars

    def _evaluate(self, epoch):
        """Scores the validation split and keeps the model if it is the best so far; the refined
        score."""
        self.epoch.assign(epoch)
        curve = self._by_step(self.splits.validation)
        scalars = {f"{self.task.metric}/step_{step:02d}": score for step, score in enumerate(curve)}
        scalars |= {
            f"{self.task.metric}/inference_network": curve[0],
            f"{self.task.metric}/refined": curve[-1],
        }
        self.summaries.evaluation(scalars, step=epoch * self.batches.per_epoch)
        if epoch >= self.first_choice and curve[-1] > self.best_score.numpy():
            self.best_score.assign(curve[-1])
            self.best_epoch.assign(epoch)
            self.best.save(epoch)
        return curve[-1]

    def _by_step(self, examples):
        return evaluation.by_step(self.task, self.predict(examples.x), examples.truth)

    def finish(self, seed, test):
        """Evaluates the best checkpoint, and writes results and pictures."""
        self.best.checkpoint.restore(self.best.latest_checkpoint).expect_partial()
        steps = self.epochs * self.batches.per_epoch
        examples, seconds = steps * self.batches.size, self.seconds.numpy()
        scores = evaluation.evaluate_splits(self.task, self.predict, self.splits, test)
        interface = Interface.of(self.splits, scores["validation"]["tuned"]["threshold"])
        write_json(self.workdir.model, interface.to_json())
        model = Model(self.learner, interface)
        calibration.judge(self.task, model, self.splits, scores)
        results = {
            "dataset": self.splits.name,
            **self.splits.facts,
            "method": self.learner.name,
            "seed": seed,
            **scores,
            "inference_steps": len(scores["validation"]["by_step"]) - 1,
            "epochs": self.epochs,
            "best_epoch": int(self.best_epoch.numpy()),
            **self._test_curve(),
            "train_seconds": round(seconds, 2),
            "examples_per_second": round(examples / seconds, 1),
            "parameters": {
                name: int(network.count_params()) for name, network in self.learner.networks.items()
            },
            "command": shlex.join(["python", "-m", "alen_tf.train", *sys.argv[1:]]),
            "versions": {
                "python": platform.python_version(),
                "tensorflow": tf.__version__,
                "alen_tf": alen_tf.__version__,
            },
        }
        write_json(self.workdir.results, results)
        self._draw(results, steps)
        self.summaries.close()
        return results

    def _test_curve(self):
        """The entry {"test_curve": {epoch: score}} of the results, where there is such a curve."""
        curve = self.test_curve.numpy()
        epochs = np.flatnonzero(np.isfinite(curve))
        return {"test_curve": {int(e) + 1: float(curve[e]) for e in epochs}} if len(epochs) else {}

    def _draw(self, results, step):
        splits = [split for split in ("validation", "test") if split in results]
        curves = {split: results[split]["by_step"] for split in splits}
        figures = {"score_by_step": summaries.score_by_step(curves, self.task.metric)}
        if figure := calibration.figure(results):
            figures["calibration"] = figure
        shown = getattr(self.splits, splits[-1]).take(slice(0, evaluation.BATCH))
        figures |= self.task.pictures(shown.x, self.predict(shown.x), shown.truth)
        self.summaries.pictures(figures, step)
