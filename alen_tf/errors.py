"""Mistakes that a user can mend.

A command line prints `str(error)` of these as one line and exits non-zero; every other exception is
a defect of this package and keeps its traceback.
"""


class UserError(Exception):
    """Base class: the message names the thing, where it is and what to do about it."""


class ConfigError(UserError):
    """A gin file, a gin parameter or a macro is wrong."""


class DataError(UserError):
    """A data file is missing, damaged or malformed."""


class WorkdirError(UserError):
    """A workdir is missing, or belongs to another configuration."""


class NonFiniteError(UserError):
    """Training produced a loss, gradient or energy that is not a finite number."""
