"""Mistakes that a user can mend.

A command line prints `str(error)` of these as one line and exits non-zero; every other exception is
a defect of this package and keeps its traceback.
"""

import numbers


class UserError(Exception):
    """Base class: the message names the thing, where it is and what to do about it."""


class ConfigError(UserError):
    """A gin file, a gin parameter or a macro is wrong."""


class DataError(UserError):
    """A data file is missing, damaged or malformed."""


class WorkdirError(UserError):
    """A workdir is missing, damaged, in use, cannot be written, or belongs to another run."""


class NonFiniteError(UserError):
    """Training produced a loss, gradient, energy or weight that is not a finite number."""


class WorkerError(UserError):
    """A worker of a training on several machines went away, or is not like the others."""


class Interrupted(UserError):  # noqa: N818 - no error
    """SIGINT or SIGTERM asked for an end; the message says what was saved.

    Attributes:
      status: the exit status that shells expect, 128 + signal.
    """

    def __init__(self, message, status):
        super().__init__(message)
        self.status = status


def check_count(name, number):
    """Checks that a setting is a whole number from 1.

    Raises:
      ConfigError: it is not.
    """
    if not isinstance(number, numbers.Integral) or number < 1:
        raise ConfigError(f"{name} is {number!r}, expected a whole number from 1")


def check_share(name, number):
    """Checks that a setting is a number between 0 and 1, these excluded.

    Raises:
      ConfigError: it is not.
    """
    if not isinstance(number, numbers.Real) or not 0 < number < 1:
        raise ConfigError(f"{name} is {number!r}, expected a number between 0 and 1")
