"""Gin configuration: the names that a gin file may use, and one-line errors.

Only the roots, `train` and `cross_fit`, are `@gin.configurable`; everything else is
`@gin.register`ed and takes effect only if a gin file mentions it.
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
from alen_tf.training import renamed

_PACKAGE = pathlib.Path(alen_tf.__file__).parent
# An installed package contains its gin files, because gin-config, installed next to it, is also
# called gin. In a clone they are at the top.
GIN_DIR = next(path for path in (_PACKAGE / "gin", _PACKAGE.parent / "gin") if path.is_dir())
gin.add_config_file_search_path(str(GIN_DIR))  # `include` is relative to it
# Packages whose modules may be named in a gin file.
_OPEN = ("cross_fitting", "datasets", "inference", "models", "networks", "objectives", "tasks")
_WITHOUT_GIN = "alen_tf.datasets.builders"  # imports TFDS
# The bindings that `parse` last read in addition to files. It is global, like gin's configuration,
# but clearing gin's configuration does not clear it.
_params = []


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
    _params[:] = params
    for param in params:
        try:
            gin.parse_config(param)
        except Exception as error:  # gin raises many kinds of errors
            raise ConfigError(f"--gin_param={param!r}: {_reason(error)}") from error
    try:
        gin.finalize()
    except ValueError as error:
        raise ConfigError(_undefined_macro(error, [*files, *params])) from error


def root():
    """The name of the root whose task is bound, "train" or "cross_fit".

    Raises:
      ConfigError: neither is bound, or both are.
    """
    bound = [name for name in ("train", "cross_fit") if _is_bound(f"{name}.task")]
    if len(bound) > 1:
        raise ConfigError("train.task and cross_fit.task are both bound: leave one of them out")
    if not bound:
        raise ConfigError("no task is bound: bind train.task, or cross_fit.task to cross-fit")
    return bound[0]


def _is_bound(name):
    try:
        gin.query_parameter(name)
    except ValueError:  # gin's way to say so
        return False
    return True


@contextlib.contextmanager
def kept():
    """Restores gin's global configuration after the block."""
    stores = (gin.config._CONFIG, gin.config._SINGLETONS, gin.config._OPERATIVE_CONFIG)
    contents = [dict(store) for store in stores]
    imports, locked = set(gin.config._IMPORTS), gin.config_is_locked()
    params = list(_params)
    try:
        yield
    finally:
        for store, content in zip(stores, contents, strict=True):
            store.clear()
            store.update(content)
        gin.config._IMPORTS.clear()
        gin.config._IMPORTS.update(imports)
        gin.config._set_config_is_locked(locked)
        _params[:] = params


@contextlib.contextmanager
def complete():
    """For calls whose arguments gin fills in.

    Raises:
      ConfigError: an argument without a default has no binding.
    """
    try:
        yield
    except (RuntimeError, TypeError) as error:
        if "Required bindings" in str(error):
            raise ConfigError(_reason(error)) from error
        # gin's addition to Python's message about a missing constructor argument.
        missing = re.search(
            r"No values supplied by Gin or caller for arguments: (\[.*?\]).*?"
            r"In call to configurable '(\w+)'",
            str(error),
            flags=re.DOTALL,
        )
        if not missing:
            raise
        raise ConfigError(
            f"Required bindings for `{missing[2]}` not provided in config: {missing[1]}"
        ) from error


def check_effective(queried=()):
    """Checks that single bindings had an effect, once all parts of a run exist.

    Gin does not report bindings that nothing uses, or that a scoped binding overrides, such as
    adam.learning_rate by energy/adam.learning_rate.

    Args:
      queried: names of bindings that took effect without a call; gin records only calls.

    Raises:
      ConfigError: a binding had no effect.
    """
    # Inner scopes last, because they win.
    bound = sorted(_bindings(gin.config_str()), key=lambda binding: len(binding[1]))
    effective = {(name, ()) for name in queried}
    for name, scope in _bindings(gin.operative_config_str()):
        covering = [each for each in bound if each[0] == name and scope[: len(each[1])] == each[1]]
        effective.update(covering[-1:])
    for param in _params:
        for name, scope in _bindings(param).intersection(bound) - effective:
            message = f"--gin_param={param!r}: nothing in this run uses it"
            if inner := [path for other, path in bound if other == name and len(path) > len(scope)]:
                names = ", ".join(sorted("/".join((*path, name)) for path in inner))
                message += f"; the gin file binds {names} instead"
            raise ConfigError(message)


def _bindings(text):
    """The targets of the bindings in a text: {("adam.learning_rate", ("energy",))} for
    energy/adam.learning_rate."""
    found = re.findall(r"^\s*((?:\w+/)*)(?:\w+\.)*(\w+\.\w+) *=", text, flags=re.MULTILINE)
    return {(name, tuple(scope.split("/")[:-1])) for scope, name in found}


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
            if not module.name.startswith(_WITHOUT_GIN):
                importlib.import_module(module.name)


def _drop_gin_chatter(record):
    """Drops gin's log message for each search path without the file, although a later path has
    it."""
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
    """The first line of gin's message, without details for developers of gin."""
    if isinstance(error, tokenize.TokenError):
        return error.args[0]
    text = (error.msg if isinstance(error, SyntaxError) else str(error)).strip()
    text = re.sub(r"malformed node or string.*", "the value is not a Python literal", text)
    # gin expects a new line after a value, but for 10**9 a user sees only one line.
    after = (
        "a value ends here: write it as a literal such as 1000, 0.5 or 'name', without arithmetic"
    )
    text = re.sub(r"^Expected newline.*", after, text)
    if not text:
        return type(error).__name__
    first = text.splitlines()[0].split(" Searched config paths")[0].rstrip(".")
    return first + renamed.hint(text)


def _undefined_macro(error, sources):
    macro = re.search(r"'(\S+)/gin\.macro'", str(error))
    what = f"the macro %{macro[1]} has no value" if macro else _reason(error)
    return f"{what} (in {', '.join(map(str, sources))})"
