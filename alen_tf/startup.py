"""How TensorFlow starts: without its messages, and as the backend of Keras."""

import contextlib
import gc
import os
import sys
import tempfile
import threading

from alen_tf.errors import ConfigError

BACKEND = "tensorflow"
ADVICE = (
    f"alen_tf needs {BACKEND}: set the environment variable KERAS_BACKEND={BACKEND}, before "
    "anything imports keras"
)
_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_starting = threading.Lock()


def start():
    """Imports TensorFlow and Keras; every command and every public name of the package begins here.

    Raises:
      ConfigError: Keras is configured for, or already uses, a backend other than TensorFlow.
    """
    _check_backend(os.environ.get("KERAS_BACKEND") or BACKEND)
    with _starting, _without_collection():
        with _quiet():
            import tensorflow as tf

            tf.config.list_physical_devices("GPU")  # reports problems with their drivers
        try:
            import keras
        except ImportError as error:  # of another backend, which Keras's configuration file names
            raise ConfigError(f"Keras cannot be imported ({error}); {ADVICE}") from error
    _check_backend(keras.config.backend())


def _check_backend(name):
    if name != BACKEND:
        raise ConfigError(f"Keras's backend is {name}; {ADVICE}")


@contextlib.contextmanager
def _without_collection():
    """Turns off Python's garbage collection, which would scan the objects of every import
    repeatedly, and takes a sixth of the start-up time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextlib.contextmanager
def _quiet():
    """Suppresses the output of TensorFlow's native code during start-up, unless it fails.

    Its messages on processors and drivers ignore its log level, which it reads here, once, and
    which hides later messages. Set TF_CPP_MIN_LOG_LEVEL to any value to see all of them.
    """
    if _LEVEL in os.environ or "tensorflow" in sys.modules:
        yield
        return
    os.environ[_LEVEL] = "2"
    with tempfile.TemporaryFile() as held:
        stderr = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(stderr, held.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            del os.environ[_LEVEL]
