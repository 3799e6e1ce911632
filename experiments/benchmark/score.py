"""Training time until a validation score is reached: the paper's Figure 4 as time."""

import time

import gin
import keras

from alen_tf.evaluation import scores as evaluation
from alen_tf.training import config
from alen_tf.training.loop import Batches, Loop


def seconds_to(gin_file, targets, data_dir, manual_dir, most_epochs):
    """Trains until the highest target is reached on validation, or for `most_epochs`.

    Returns:
      {"target": seconds of training, evaluations not counted; None where it was not reached},
      and under "epochs" likewise epochs.
    """
    config.parse([f"{gin_file}.gin"])
    task = gin.query_parameter("train.task").scoped_configurable_fn()
    learner = gin.query_parameter("train.learner").scoped_configurable_fn()
    epochs = gin.query_parameter("train.epochs")
    splits = task.load(manual_dir, data_dir)
    keras.utils.set_random_seed(0)
    batches = Batches(splits.train, gin.query_parameter("train.batch_size"), 0)
    shapes = splits.train.x.shape[1:], splits.train.y.shape[1:]
    learner.build(*shapes, task.space, task.oracle, epochs * batches.per_epoch, task.views)
    learner.adapt(splits.train.x)
    loop, predict = Loop(learner, batches), evaluation.Predictor(learner)
    seconds, reached = 0.0, {str(target): None for target in targets}
    for epoch in range(min(epochs, most_epochs)):
        start = time.process_time()
        loop.epoch(epoch)
        seconds += time.process_time() - start
        score = evaluation.by_step(task, predict(splits.validation.x), splits.validation.truth)[-1]
        for target in targets:
            if score >= target and reached[str(target)] is None:
                reached[str(target)] = {"seconds": round(seconds, 2), "epochs": epoch + 1}
        if score >= max(targets):
            break
    return reached
