"""Training in memory: a model, its data and a number of epochs, without a workdir."""

import contextlib
import random

import keras
import numpy as np
from sklearn.utils import check_random_state

from alen_tf.errors import ConfigError, check_seed
from alen_tf.evaluation.signature import Signature
from alen_tf.evaluation.trained_model import TrainedModel
from alen_tf.training import trainer
from alen_tf.training.averaging import Average
from alen_tf.training.loop import Batches, Loop

METRICS = {"example_f1": "F1", "mean_iou": "mean IoU"}  # as they are printed


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
    average=False,
    evaluate_every=1,
    start=None,
):
    """Trains `model` as `trainer.train` does, to the same model from the same data and seed.

    Args:
      model, energy_optimizer, inference_optimizer: makers, as in `trainer.train`.
      task: the `Task`.
      splits: the `Splits`; validation chooses the epoch and the threshold, the test
        is not used. Labels that neither has are predicted for no row.
      epochs, batch_size, seed, select_after, average, evaluate_every: see `trainer.train`.
      patience: stop after so many evaluations in a row without a better validation score; None to
        train to the end.
      verbose: print the validation score after every so many epochs; 0 for silence.
      start: the `TrainedModel` whose weights are those to start at; None for new ones.

    Returns:
      (the `TrainedModel` of the best epoch, the validation scores of each evaluation, and those of
      the best one {"plain": at 0.5, "tuned": at the threshold that is best there}).

    Raises:
      ConfigError: the model to start from is another one, or for other labels.
      NonFiniteError: training diverges.
    """
    with seeded(seed):
        batches = Batches(splits.train, batch_size, seed, task.augmentation)
        made = trainer.build(model, task, splits.train.x.shape, splits.train.y.shape, seed)
        made.preprocessing.adapt(splits.train.x)
        if start is not None:
            _check_alike(made, start, splits)
            assign(made, arrays(start.model))
        steps = epochs * batches.per_epoch
        made.compile(
            energy_optimizer=energy_optimizer(steps), inference_optimizer=inference_optimizer(steps)
        )
        loop, validation = Loop(made, batches), splits.validation
        averages = Average(made.network_state if average else ())
        weight = {} if validation.weight is None else {"weight": validation.weight}
        first = min(epochs, round(select_after * epochs) + 1)  # the first epoch that may be chosen
        absent = _absent(splits)
        known = (
            None if absent is None else np.tile(np.where(absent, 0, np.nan), (len(validation), 1))
        )
        scores, highest, best = [], -1.0, None
        for epoch in range(epochs):
            loop.epoch(epoch)
            averages.update(epoch)
            if (epoch + 1) % evaluate_every and epoch + 1 < epochs:
                continue
            with averages.taken():
                y = made.refine(validation.x, known=known)[-1]
                scores.append(task.scores(y, validation.truth, **weight)[task.metric])
                if epoch + 1 >= first and scores[-1] > highest:
                    highest, best = scores[-1], arrays(made)
            if verbose and (epoch + 1) % verbose == 0:
                metric = METRICS.get(task.metric, task.metric)
                print(f"epoch {epoch + 1}/{epochs}: validation {metric} {scores[-1]:.4f}")
            if patience and len(scores) - 1 - np.argmax(scores) >= patience:
                break
        assign(made, best)
        y = made.refine(validation.x, known=known)[-1]
        threshold = task.best_threshold(y, validation.truth, **weight)
        held_out = {
            name: float(task.scores(y, validation.truth, at, **weight)[task.metric])
            for name, at in (("plain", 0.5), ("tuned", threshold))
        }
        # A separate model, so that keeping it does not keep optimizers.
        kept = trainer.build(model, task, splits.train.x.shape, splits.train.y.shape, seed)
        assign(kept, best)
    signature = Signature.of(splits, threshold, task.expected)
    return TrainedModel(kept, signature, absent), np.array(scores), held_out


def _check_alike(made, start, splits):
    """Checks that a model can start at the weights of another one."""
    shapes, others = ([tuple(each.shape) for each in m.state] for m in (made, start.model))
    if shapes != others or start.signature.label_names != splits.label_names:
        raise ConfigError(
            "warm_start: features, labels or sizes of networks are not those of the last fit; set "
            "warm_start=False to start anew"
        )


def _absent(splits):
    """Which labels no example has, bool [labels]; None where each has one, and for images."""
    absent = splits.train.label_counts + splits.validation.label_counts == 0
    return absent if splits.train.y.ndim == 2 and absent.any() else None


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


def seed_of(random_state):
    """The seed that an estimator's `random_state` stands for: a number, or a draw of a generator.

    Raises:
      ConfigError: the number is out of range.
    """
    if random_state is None or isinstance(random_state, np.random.RandomState):
        return int(check_random_state(random_state).randint(2**31 - 1))
    check_seed("random_state", random_state)
    return int(random_state)
