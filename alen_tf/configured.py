"""Objects whose configuration is the arguments of their constructor."""

import inspect

import keras

from alen_tf.errors import ConfigError


class Configured:
    """Saves and loads with Keras: every argument of the constructor is kept under its own name.

    `get_config` reads the arguments back from the attributes, so that a subclass with other
    arguments needs no code of its own.
    """

    def get_config(self):
        make = type(self).__init__
        # The signature of `object.__init__` claims to take any arguments.
        names = [] if make is object.__init__ else list(inspect.signature(make).parameters)[1:]
        return {name: keras.saving.serialize_keras_object(getattr(self, name)) for name in names}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return cls(
            **{
                name: keras.saving.deserialize_keras_object(value, custom_objects)
                for name, value in config.items()
            }
        )


def register(thing):
    """Registers a class or a function of this package with `keras.saving`."""
    return keras.saving.register_keras_serializable(package="alen_tf")(thing)


def named(choices, given, what):
    """The choice that `given` names.

    Args:
      choices: things by name.
      given: one of the names, or the object itself, which is returned unchanged.
      what: what the choices are, for the message.

    Raises:
      ConfigError: no choice has this name.
    """
    if not isinstance(given, str):
        return given
    if given not in choices:
        raise ConfigError(
            f"{what} {given!r} is unknown; expected one of {', '.join(sorted(choices))}"
        )
    return choices[given]
