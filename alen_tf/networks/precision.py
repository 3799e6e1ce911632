"""Mixed precision: hidden layers compute in bfloat16, everything else in single precision."""

import contextlib

import keras

from alen_tf.errors import ConfigError

# Not float16, whose small range needs losses to be scaled.
PRECISIONS = ("float32", "mixed_bfloat16")


@contextlib.contextmanager
def made_in(precision):
    """Networks created inside compute in this precision; variables, scores and logits stay float32.

    Args:
      precision: one of `PRECISIONS`.

    Raises:
      ConfigError: it is not one of them.
    """
    if precision not in PRECISIONS:
        known = ", ".join(map(repr, PRECISIONS))
        raise ConfigError(f"train.precision = {precision!r} is unknown; expected one of {known}")
    with under(precision):
        yield


@contextlib.contextmanager
def under(policy):
    """Sets Keras's global dtype policy inside, and restores it afterwards."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
