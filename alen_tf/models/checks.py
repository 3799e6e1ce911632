"""Whether the parts of a model fit one another: messages of one line that name part and shapes."""

import re
import warnings

import keras
import tensorflow as tf

from alen_tf.errors import ConfigError, without_place


def checked_model(name, network):
    """The network, where it is one.

    Raises:
      ConfigError: it is no `keras.Model`, such as a class or a function that makes one.
    """
    if isinstance(network, keras.Model):
        return network
    kind = getattr(network, "__name__", type(network).__name__)
    advice = "build one from layers"
    if callable(network):
        advice = f"pass what it makes, {kind}(...), in a gin file @{kind}()"
    raise ConfigError(f"{name} is {kind}, not a keras.Model: {advice}")


def called(name, network, inputs):
    """What a network gives for inputs.

    Raises:
      ConfigError: it cannot be called on inputs of these shapes; one line.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # Keras's, before it fails
            return network(inputs)
    except (ValueError, TypeError, AttributeError, tf.errors.OpError) as error:
        shapes = (
            " and ".join(in_words(each) for each in inputs)
            if isinstance(inputs, list)
            else in_words(inputs)
        )
        arguments = "[x, y]" if isinstance(inputs, list) else "x"
        raise ConfigError(
            f"{name} ({type(network).__name__}) cannot be called on {arguments} of shape {shapes}: "
            f"{_reason(error)}"
        ) from error


def _reason(error):
    """The line that says what is wrong, without what Keras adds around it."""
    for each in (error, error.__context__):  # of TensorFlow's errors Keras fails to make its own
        if isinstance(each, tf.errors.OpError):
            return without_place(each.message)
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if "Error encountered:" in " ".join(lines[:-1]):
        lines = lines[1:]
    lines = [line for line in lines if not line.startswith("Exception encountered")]
    return re.sub(r"\x1b\[[0-9;]*m| Inputs received.*", "", lines[0]) if lines else "no reason"


def in_words(tensor):
    """A tensor's shape for messages, "[batch, 6]"; of a structure that of each."""
    if not tf.is_tensor(tensor):
        return ", ".join(map(in_words, tf.nest.flatten(tensor)))
    return "[batch" + "".join(f", {size}" for size in tensor.shape[1:]) + "]"
