"""Training in memory: a learner, its data and a number of epochs, without a workdir."""

import contextlib
import random

import keras
import numpy as np

from alen_tf.evaluation.scores import Predictor
from alen_tf.evaluation.signature import Interface
from alen_tf.evaluation.trained_model import Model
from alen_tf.training.loop import Batches, Loop


def train(
    learner,
    task,
    splits,
    epochs,
    batch_size,
    seed,
    choose_from=0.0,
    patience=None,
    verbose=0,
):
    """Trains `learner` as `trainer.train` does, to the same model from the same data and seed.

    Args:
      learner: the `Learner`, not yet built.
      task: the `Task`.
      splits: the `Splits`; validation chooses the epoch and the threshold, the test is not used.
      epochs, batch_size, seed, choose_from: see `trainer.train`.
      patience: stop after so many epochs in a row without a better validation score; None to train
        to the end.
      verbose: print the validation score after every so many epochs; 0 for silence.

    Returns:
      (the `Model` of the best epoch, the validation scores after each epoch).

    Raises:
      NonFiniteError: training diverges.
    """
    with _seeded(seed):
        batches = Batches(splits.train, batch_size, seed, task.augmentation)
        shapes = splits.train.x.shape[1:], splits.train.y.shape[1:]
        steps = epochs * batches.per_epoch
        learner.build(*shapes, task.space, task.oracle, steps, task.views)
        learner.adapt(splits.train.x)
        loop, predict, validation = Loop(learner, batches), Predictor(learner), splits.validation
        first = min(epochs, round(choose_from * epochs) + 1)  # the first epoch that may be chosen
        scores, best = [], None
        for epoch in range(epochs):
            loop.epoch(epoch)
            y = predict(validation.x)[-1]
            scores.append(task.scores(y, validation.truth)[task.metric])
            if verbose and (epoch + 1) % verbose == 0:
                print(f"epoch {epoch + 1}/{epochs}: validation F1 {scores[-1]:.4f}")
            if epoch + 1 >= first and scores[-1] > max(scores[first - 1 : -1], default=-1.0):
                best = arrays(learner)
            if patience and len(scores) - 1 - np.argmax(scores) >= patience:
                break
    assign(learner, best)
    threshold = task.best_threshold(predict(validation.x)[-1], validation.truth)
    return Model(learner, Interface.of(splits, threshold)), np.array(scores)


def arrays(learner):
    """All that a prediction depends on, as arrays for `assign`."""
    return [variable.numpy() for variable in learner.state]


def assign(learner, values):
    """Gives a built learner the `arrays` of one like it."""
    for variable, array in zip(learner.state, values, strict=True):
        variable.assign(array)


@contextlib.contextmanager
def _seeded(seed):
    """Seeds what Keras draws from and leaves the generators of Python and NumPy as they were."""
    states = random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
