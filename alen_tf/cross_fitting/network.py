"""Out-of-fold marginals of a Keras network, with all folds trained together."""

import keras
import numpy as np
import tensorflow as tf

from alen_tf.datasets.splits import Examples
from alen_tf.inference.batching import Compiled
from alen_tf.models.feed_forward import FeedForward
from alen_tf.networks.members import Members, copied
from alen_tf.networks.standardization import Standardization, is_counts
from alen_tf.sparse_rows import compact
from alen_tf.training import in_memory
from alen_tf.training.loop import Batches, Loop

# From this number of rows, larger batches reach the same loss in half the time.
MANY = 3000
BATCH, EPOCHS, LEARNING_RATE = (32, 64), (40, 30), (1e-3, 1.5e-3)
# Fewest and most training steps: fewer leave a network far from its optimum, more do not help.
STEPS = (1000, 8000)
WEIGHT_DECAY = 0.3


def out_of_fold(network, x, y, fold, seed, weight=None):
    """Out-of-fold marginals of training rows, and a network trained on all rows.

    Args:
      network: a `keras.Model` of x with a logit per label; its copies learn.
      x: inputs, [rows, features], dense or scipy-sparse.
      y: labels in {0, 1}, [rows, labels].
      fold: the fold of each row, [rows], from 0.
      seed: of weights, dropout and the order of rows.
      weight: of each row in the loss, [rows]; equal by default.

    Returns:
      (P(y_i = 1 | x), [rows, labels]; a `FittedNetwork`).
    """
    x, fold, many = compact(x), fold.astype(np.int32), len(y) >= MANY
    preprocessing = None if is_counts(x) else Standardization()
    if preprocessing:
        preprocessing.adapt(x)
    with in_memory.seeded(seed):
        # A copy, because fitting must not change the user's classifier.
        members = Members(copied(network), int(fold.max()) + 1)
        model = FeedForward(members, preprocessing=preprocessing, seed=seed)
        model.build(x.shape, y.shape)
        batches = Batches(Examples(x, y, weight=weight), BATCH[many], seed, fold=fold)
        epochs = in_memory.epochs(EPOCHS[many], batches, STEPS)
        steps = epochs * batches.per_epoch
        rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE[many], steps)
        model.compile(inference_optimizer=keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY))
        loop = Loop(model, batches)
        for epoch in range(epochs):
            loop.epoch(epoch)
    found = Compiled(lambda x, fold: tf.sigmoid(model.logits(model.prepare(x), fold)))
    return found(model.views, x, fold), FittedNetwork(model)


class FittedNetwork:
    """A trained network as a function from inputs to marginals P(y_i = 1 | x), [rows, labels]."""

    def __init__(self, model):
        self._model = model

    def __call__(self, x):
        return self._model.refine(compact(x))[-1]
