"""Training time until a validation score is reached: the paper's Figure 4 as time."""

import time

import gin
import keras

from alen_tf.evaluation.scores import by_step
from alen_tf.training import config, trainer
from alen_tf.training.loop import Batches, Loop
from experiments.benchmark.workloads import compiled


def seconds_to(gin_file, targets, data_dir, manual_dir, most_epochs):
    """Trains until the highest target is reached on validation, or for `most_epochs`.

    Returns:
      {"target": seconds of training, evaluations not counted; None where it was not reached},
      and under "epochs" likewise epochs.
    """
    config.parse([f"{gin_file}.gin"])
    root = gin.get_bindings(trainer.train)
    task, epochs = root["task"], root["epochs"]
    splits = task.load(manual_dir, data_dir)
    keras.utils.set_random_seed(0)
    batches = Batches(splits.train, root["batch_size"], 0)
    x, y, validation = splits.train.x, splits.train.y, splits.validation
    model = compiled(root, x.shape, y.shape, epochs * batches.per_epoch)
    model.preprocessing.adapt(x)
    loop = Loop(model, batches)
    seconds, reached = 0.0, {str(target): None for target in targets}
    for epoch in range(min(epochs, most_epochs)):
        start = time.process_time()
        loop.epoch(epoch)
        seconds += time.process_time() - start
        score = by_step(task, model.refine(validation.x), validation.truth)[-1]
        for target in targets:
            if score >= target and reached[str(target)] is None:
                reached[str(target)] = {"seconds": round(seconds, 2), "epochs": epoch + 1}
        if score >= max(targets):
            break
    return reached
