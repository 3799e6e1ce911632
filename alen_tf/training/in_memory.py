"""Training in memory: a model, its data and a number of epochs, without a workdir."""

import contextlib
import random

import keras
import numpy as np

from alen_tf.evaluation.signature import Signature
from alen_tf.evaluation.trained_model import TrainedModel
from alen_tf.training import trainer
from alen_tf.training.loop import Batches, Loop


def train(
    model,
    task,
    splits,
    epochs,
    batch_size,
    seed,
    energy_optimizer,
    inference_optimizer,
    select_after=0.0,
    patience=None,
    verbose=0,
):
    """Trains `model` as `trainer.train` does, to the same model from the same data and seed.

    Args:
      model, energy_optimizer, inference_optimizer: makers, as in `trainer.train`.
      task: a `MultiLabel`.
      splits: the `Splits`; validation chooses the epoch and the threshold, the test
        is not used. Labels that neither has are predicted for no row.
      epochs, batch_size, seed, select_after: see `trainer.train`.
      patience: stop after so many epochs in a row without a better validation score; None to train
        to the end.
      verbose: print the validation score after every so many epochs; 0 for silence.

    Returns:
      (the `TrainedModel` of the best epoch, the validation scores after each epoch, and those of
      the best one {"plain": at 0.5, "tuned": at the threshold that is best there}).

    Raises:
      NonFiniteError: training diverges.
    """
    with seeded(seed):
        batches = Batches(splits.train, batch_size, seed, task.augmentation)
        made = trainer.build(model, task, splits.train.x.shape, splits.train.y.shape, seed)
        made.preprocessing.adapt(splits.train.x)
        steps = epochs * batches.per_epoch
        made.compile(
            energy_optimizer=energy_optimizer(steps), inference_optimizer=inference_optimizer(steps)
        )
        loop, validation = Loop(made, batches), splits.validation
        first = min(epochs, round(select_after * epochs) + 1)  # the first epoch that may be chosen
        absent = ~(splits.train.y.any(axis=0) | validation.y.any(axis=0))
        known = (
            np.tile(np.where(absent, 0.0, np.nan), (len(validation), 1)) if absent.any() else None
        )
        scores, best = [], None
        for epoch in range(epochs):
            loop.epoch(epoch)
            y = made.refine(validation.x, known=known)[-1]
            score = task.scores(y, validation.truth, weight=validation.weight)
            scores.append(score[task.metric])
            if verbose and (epoch + 1) % verbose == 0:
                print(f"epoch {epoch + 1}/{epochs}: validation F1 {scores[-1]:.4f}")
            if epoch + 1 >= first and scores[-1] > max(scores[first - 1 : -1], default=-1.0):
                best = arrays(made)
            if patience and len(scores) - 1 - np.argmax(scores) >= patience:
                break
        assign(made, best)
        y = made.refine(validation.x, known=known)[-1]
        threshold = task.best_threshold(y, validation.truth, weight=validation.weight)
        held_out = {
            name: float(task.scores(y, validation.truth, at, weight=validation.weight)[task.metric])
            for name, at in (("plain", 0.5), ("tuned", threshold))
        }
        # A separate model, so that keeping it does not keep optimizers.
        kept = trainer.build(model, task, splits.train.x.shape, splits.train.y.shape, seed)
        assign(kept, best)
    signature = Signature.of(splits, threshold, task.expected)
    trained = TrainedModel(kept, signature, absent if absent.any() else None)
    return trained, np.array(scores), held_out


def epochs(wanted, batches, steps):
    """A number of epochs whose steps are within limits; at least one.

    Args:
      wanted: the number of epochs, if the limits allow it.
      batches: the `Batches`.
      steps: (fewest steps, most steps).
    """
    fewest, most = steps
    return int(np.clip(wanted, -(-fewest // batches.per_epoch), max(1, most // batches.per_epoch)))


def arrays(model):
    """Everything that a prediction depends on, as arrays for `assign`."""
    return [variable.numpy() for variable in model.state]


def assign(model, values):
    """Gives a built model the `arrays` of one like it."""
    for variable, array in zip(model.state, values, strict=True):
        variable.assign(array)


@contextlib.contextmanager
def seeded(seed):
    """Seeds Keras's random draws, and restores the generators of Python and NumPy."""
    states = random.getstate(), np.random.get_state()
    keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
