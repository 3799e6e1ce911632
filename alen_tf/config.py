"""Gin configuration: what a gin file may name, and one clear line where it is wrong.

Only the roots `train` and `evaluate` are `@gin.configurable`; everything else is `@gin.register`ed
and takes part only where a gin file mentions it.
"""

import contextlib
import importlib
import logging
import pathlib
import pkgutil
import re
import tokenize

import gin

import alen_tf
from alen_tf.errors import ConfigError

_PACKAGE = pathlib.Path(alen_tf.__file__).parent
# The clone's gin/ folder; an installed package carries a copy inside.
GIN_DIR = next(path for path in (_PACKAGE.parent / "gin", _PACKAGE / "gin") if path.is_dir())
gin.add_config_file_search_path(str(GIN_DIR))  # what `include` is relative to
# Packages whose modules may be named in a gin file.
_OPEN = ("datasets", "inference", "learning", "networks", "objectives", "tasks")


def parse(files, params=()):
    """Reads gin files, then single bindings that override them, and locks the configuration.

    Args:
      files: paths; a relative one is looked for in the working directory, then beside the package.
      params: bindings such as "train.epochs = 3"; later ones win.

    Raises:
      ConfigError: a file, name, parameter or macro is unknown or malformed; the message names file
        and line.
    """
    _import_configurables()
    logging.getLogger().addFilter(_drop_gin_chatter)
    gin.clear_config()
    for file in files:
        _parse_file(file)
    for param in params:
        try:
            gin.parse_config(param)
        except Exception as error:  # gin raises whatever it met
            raise ConfigError(f"--gin_param={param!r}: {_reason(error)}") from error
    try:
        gin.finalize()
    except ValueError as error:
        raise ConfigError(_undefined_macro(error, [*files, *params])) from error


@contextlib.contextmanager
def complete():
    """Around what gin fills arguments in for.

    Raises:
      ConfigError: an argument without a default has no binding.
    """
    try:
        yield
    except RuntimeError as error:
        if "Required bindings" not in str(error):
            raise
        raise ConfigError(_reason(error)) from error


def _parse_file(file):
    path = pathlib.Path(file).expanduser()
    candidates = [path] if path.is_absolute() else [path, GIN_DIR.parent / path, GIN_DIR / path]
    found = next((candidate for candidate in candidates if candidate.is_file()), None)
    if found is None:
        places = ", ".join(dict.fromkeys(str(candidate.resolve()) for candidate in candidates))
        raise ConfigError(f"gin file {file} not found; looked for {places}")
    try:
        gin.parse_config_file(str(found))
    except Exception as error:
        raise ConfigError(f"{_location(error, found)}: {_reason(error)}") from error


def _import_configurables():
    for name in _OPEN:
        package = importlib.import_module(f"alen_tf.{name}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)


def _drop_gin_chatter(record):
    """Gin logs an error for each search path that misses, although it finds the file in the next
    one."""
    return not (record.module == "resource_reader" and record.funcName == "system_path_file_exists")


def _location(error, file):
    """file:line of an exception that gin raised; includes name the innermost file first."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    if isinstance(error, tokenize.TokenError):
        return f"{file}:{error.args[1][0]}"
    match = re.search(r'In (?:config )?file "([^"]+)", line (\d+)', str(error))
    return f"{match[1]}:{match[2]}" if match else str(file)


def _reason(error):
    """The first line of what gin says, without what only a developer of gin would want to know."""
    if isinstance(error, tokenize.TokenError):
        return error.args[0]
    text = (error.msg if isinstance(error, SyntaxError) else str(error)).strip()
    text = re.sub(r"malformed node or string.*", "the value is not a Python literal", text)
    if not text:
        return type(error).__name__
    return text.splitlines()[0].split(" Searched config paths")[0].rstrip(".")


def _undefined_macro(error, sources):
    macro = re.search(r"'(\S+)/gin\.macro'", str(error))
    what = f"the macro %{macro[1]} has no value" if macro else _reason(error)
    return f"{what} (in {', '.join(map(str, sources))})"
