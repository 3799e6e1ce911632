"""Averages of weights over training, which predict better than the last weights."""

import contextlib

import tensorflow as tf


class Average(tf.Module):
    """The moving average of weights over epochs: a := decay a + (1 - decay) w.

    It begins as the weights after the first epoch. With decay = (1 + epochs) / (10 + epochs), that
    of `tf.train.ExponentialMovingAverage` for its first updates, it looks back over a tenth of the
    run so far, however long that is. Taken once per epoch, as by Izmailov et al. (UAI 2018), it
    costs a training step nothing. Not in the paper.
    """

    def __init__(self, weights):
        """Makes the averages.

        Args:
          weights: variables; of these the floating-point ones are averaged, including the
            statistics of batch normalisation, which belong to the weights; empty for no average.
        """
        super().__init__()
        self._weights = [each for each in weights if each.dtype.is_floating]
        self._averages = [tf.Variable(each, trainable=False) for each in self._weights]

    def update(self, epoch):
        """Adds the weights after an epoch, numbered from 0."""
        decay = (1 + epoch) / (10 + epoch) if epoch else 0.0
        for average, weight in zip(self._averages, self._weights, strict=True):
            average.assign(decay * average + (1.0 - decay) * weight)

    @contextlib.contextmanager
    def taken(self):
        """Replaces the weights by their averages inside the block."""
        held = [weight.numpy() for weight in self._weights]
        for weight, average in zip(self._weights, self._averages, strict=True):
            weight.assign(average)
        try:
            yield
        finally:
            for weight, array in zip(self._weights, held, strict=True):
                weight.assign(array)
