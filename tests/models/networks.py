"""Networks as a Keras user writes them, on a tiny task."""

import keras
import numpy as np

FEATURES, LABELS = 8, 5


def energy():
    """A functional energy: a local term per label and a global one."""
    x, y = keras.Input((FEATURES,)), keras.Input((LABELS,))
    local = keras.layers.Dense(LABELS)(keras.layers.Dense(16, activation="softplus")(x))
    shared = keras.layers.Dense(4, activation="softplus", use_bias=False)(y)
    score = keras.layers.Dot(1)([local, y])
    return keras.Model([x, y], keras.layers.Add()([score, keras.layers.Dense(1)(shared)]))


def inference_network(dropout=0.0):
    hidden = keras.layers.Dense(16, activation="relu")
    dropped = [keras.layers.Dropout(dropout)] if dropout else []
    return keras.Sequential([hidden, *dropped, keras.layers.Dense(LABELS)])


def rows(count=64, seed=0):
    """Inputs, and labels that depend on them."""
    x = np.random.RandomState(seed).normal(size=(count, FEATURES)).astype(np.float32)
    return x, (x[:, :LABELS] > 0.5).astype(np.uint8)


@keras.saving.register_keras_serializable("tests")
class OwnEnergy(keras.Model):
    """A user's subclass, with `encode` and `score`."""

    def __init__(self, units=6, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.features = keras.layers.Dense(units, activation="softplus")
        self.local = keras.layers.Dense(LABELS)

    def encode(self, x, training=False):
        del training
        return self.local(self.features(x))

    def score(self, z, y):
        return keras.ops.sum(z * y, axis=-1)

    def call(self, inputs, training=False):
        x, y = inputs
        return self.score(self.encode(x, training), y)

    def get_config(self):
        return {"units": self.units, "name": self.name}
