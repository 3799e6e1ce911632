"""Mistakes that a user can correct.

The commands print `str(error)` of these as one line and exit non-zero. Any other exception is a
defect of this package and keeps its traceback.
"""

import contextlib
import math
import numbers
import re

import numpy as np
from scipy import sparse


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
    """A worker of a distributed run is lost, or differs from the others."""


class Interrupted(UserError):  # noqa: N818 - no error
    """SIGINT or SIGTERM stopped the run; the message says what was saved.

    Attributes:
      status: the exit status that shells expect, 128 + signal.
    """

    def __init__(self, message, status):
        super().__init__(message)
        self.status = status


@contextlib.contextmanager
def value_errors():
    """Turns users' errors into the type that scikit-learn expects."""
    try:
        yield
    except UserError as error:
        raise ValueError(str(error)) from error


def check_count(name, number, least=1, most=None):
    """Checks that a setting is a whole number of at least `least`, and at most `most` if given.

    Raises:
      ConfigError: it is not.
    """
    whole = isinstance(number, numbers.Integral) and not isinstance(number, bool)
    if not whole or number < least or (most is not None and number > most):
        range_ = f"of at least {least}" if most is None else f"from {least} to {most:,}"
        raise ConfigError(f"{name} is {number!r}, expected a whole number {range_}")


def check_counts(name, listed, least=1, most=None):
    """Checks that a setting is a tuple or a list of such numbers, and not empty.

    Raises:
      ConfigError: it is not.
    """
    if not isinstance(listed, tuple | list) or not listed:
        raise ConfigError(f"{name} is {listed!r}, expected several whole numbers, such as (8, 16)")
    for number in listed:
        check_count(name, number, least, most)


def check_finite_number(name, number):
    """Checks that a setting is a number, of any sign, and finite.

    Raises:
      ConfigError: it is not.
    """
    if not isinstance(number, numbers.Real) or not math.isfinite(number):
        raise ConfigError(f"{name} is {number!r}, expected a finite number")


def check_number(name, number, most=math.inf):
    """Checks that a setting is a number from 0 to `most`, and finite.

    Raises:
      ConfigError: it is not.
    """
    # No comparison with NaN is true.
    if not isinstance(number, numbers.Real) or not 0 <= number <= most or math.isinf(number):
        range_ = "of at least 0" if math.isinf(most) else f"from 0 to {most:g}"
        raise ConfigError(f"{name} is {number!r}, expected a number {range_}")


def check_positive(name, number):
    """Checks that a setting is a number above 0, and finite.

    Raises:
      ConfigError: it is not.
    """
    check_number(name, number)
    if not number:
        raise ConfigError(f"{name} is {number!r}, expected a number above 0")


def check_share(name, number):
    """Checks that a setting is a number strictly between 0 and 1.

    Raises:
      ConfigError: it is not.
    """
    if not isinstance(number, numbers.Real) or not 0 < number < 1:
        raise ConfigError(f"{name} is {number!r}, expected a number between 0 and 1")


def check_seed(name, number):
    """Checks that a setting is a seed that both TensorFlow and NumPy accept.

    Raises:
      ConfigError: it is not.
    """
    check_count(name, number, least=0)
    if number >= 2**31:
        raise ConfigError(f"{name} is {number!r}, expected a whole number below 2**31")


def check_finite(x, source):
    """Checks that `x`, [rows, ...], an array or a SciPy matrix, has neither NaN nor infinity.

    Raises:
      DataError: it has; the message names the row.
    """
    if wrong := not_finite(x):
        (row, *column), value = wrong
        raise DataError(
            f"{source}: row {row + 1}, feature {column[-1] + 1}: {value} is not a finite number"
        )


def not_finite(x):
    """The index and the value of the first NaN or infinity in `x`, [rows, ...], an array or a SciPy
    matrix; None if all values are finite."""
    values = x.data if sparse.issparse(x) else x
    wrong = ~np.isfinite(values)
    if not wrong.any():
        return None
    first = np.unravel_index(np.argmax(wrong), values.shape)
    if not sparse.issparse(x):
        return tuple(map(int, first)), x[first]
    x = x.tocoo()
    return (int(x.row[first]), int(x.col[first])), x.data[first]


def without_place(message):
    """The first line of a TensorFlow error, without its place in the graph."""
    return re.sub(r"{{.*?}} ?| on /job.*| \[Op:.*", "", message.splitlines()[0])


def shortened(names, shown=8):
    """The first names of many, as text."""
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(map(repr, names[:shown])) + more
