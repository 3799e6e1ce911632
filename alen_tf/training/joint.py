"""ALEN of label sets, trained in memory as the command line does, in
`gin/own/multilabel_joint.gin`."""

import functools
import types

import keras
import numpy as np

from alen_tf.datasets import stratified
from alen_tf.datasets.splits import Splits, training_and_validation
from alen_tf.errors import ConfigError, check_count, check_number
from alen_tf.inference.ascent import GradientAscent
from alen_tf.models.alen import ALEN
from alen_tf.models.optimizers import adam
from alen_tf.models.starts import TrainingStarts
from alen_tf.networks.mlp import MLP, MLPEnergy
from alen_tf.tasks.multilabel import MultiLabel
from alen_tf.training import in_memory


class Joint:
    """A jointly trained ALEN, with the interface that the estimator needs.

    Attributes:
      trained: the `TrainedModel`.
    """

    def __init__(self, trained):
        self.trained = trained

    @classmethod
    def of(cls, settings, examples, label_names, seed, start=None):
        """Trains one; returns it with the validation scores that `in_memory.train` returns.

        Args:
          settings: the `ALENClassifier` whose hyper-parameters it gets.
          examples: the `Examples`, of which a part is held out to choose the epoch and the
            threshold.
          label_names: a name per label.
          seed: of what is held out, of weights and of the order of rows.
          start: the `TrainedModel` whose weights are those to start at; None for new ones.

        Raises:
          UserError: a setting is out of its range, or training diverges.
        """
        check_count("epochs", settings.epochs)
        check_count("batch_size", settings.batch_size)
        check_count("patience", settings.patience)
        check_number("select_after", settings.select_after, most=1.0)
        train, validation = training_and_validation(
            examples, settings.validation_fraction, seed, stratified.hold_out
        )
        trained, *scores = in_memory.train(
            task=MultiLabel(dataset=None),
            splits=Splits("own", train, validation, validation, label_names),
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            seed=seed,
            select_after=0.0 if settings.early_stopping else settings.select_after,
            patience=settings.patience if settings.early_stopping else None,
            verbose=int(settings.verbose),
            start=start,
            **makers(settings, train.x.shape[1], train.y.shape[1]),
        )
        return cls(trained), *scores

    def labels(self, x, known=None):
        """Label sets, uint8 [rows, labels], of inputs [rows, features], around known labels."""
        return self.trained(x, known=known).labels

    def relaxed(self, x, known=None):
        """Relaxed outputs that refinement ends at, [rows, labels]."""
        return self.trained(x, known=known).relaxed

    probabilities = relaxed  # the only scores, although not probabilities

    def confidence(self, x, known=None):
        """v(x, y) of the label sets, [rows]."""
        return self.trained(x, known=known).confidence


def makers(settings, features, labels):
    """Makers of the model and of its optimizers, for `in_memory.train`.

    Args:
      settings: the `ALENClassifier` whose hyper-parameters they get.
      features, labels: their numbers, for the user's own networks.
    """
    # A search over arrays passes NumPy numbers, which Keras rejects.
    plain = settings.get_params(deep=False).items()
    plain = {name: x.item() if isinstance(x, np.generic) else x for name, x in plain}
    settings = types.SimpleNamespace(**plain)
    ascent = GradientAscent(settings.steps, settings.step_size, active_set=True)

    def energy():
        return MLPEnergy(
            settings.energy_hidden_units, global_units=settings.global_units, l2=settings.energy_l2
        )

    def inference_network():
        return MLP(hidden_units=settings.hidden_units, dropout=settings.dropout, l2=settings.l2)

    def network(name, default):
        own = getattr(settings, name)
        if own is None:
            return default()
        if not callable(own) or isinstance(own, keras.Model):
            raise ConfigError(
                f"{name} is {own!r}, expected a function of (features, labels) that makes a "
                "keras.Model"
            )
        return own(features, labels)

    def model(**task):
        return ALEN(
            network("energy", energy),
            network("inference_network", inference_network),
            refinement=ascent,
            lambda_g=settings.lambda_g,
            beta_v=settings.beta_v,
            regression_loss="cross_entropy",
            starts=TrainingStarts(zero_init_fraction=0.5),
            known_fraction=settings.known_fraction,
            **task,
        )

    def annealed(rate):
        return functools.partial(adam, learning_rate=rate, cosine=True)

    return {
        "model": model,
        "energy_optimizer": annealed(settings.energy_learning_rate),
        "inference_optimizer": annealed(settings.learning_rate),
    }
