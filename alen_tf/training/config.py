"""Gin configuration: what a gin file may name, and one clear line where it is wrong.

Only the roots, `train` and `cross_fit`, are `@gin.configurable`; everything else is
`@gin.register`ed and takes part only where a gin file mentions it.
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
# An installed package carries its gin files inside; beside it there lies gin-config, which is also
# called gin. In a clone they stand at the top.
GIN_DIR = next(path for path in (_PACKAGE / "gin", _PACKAGE.parent / "gin") if path.is_dir())
gin.add_config_file_search_path(str(GIN_DIR))  # what `include` is relative to
# Packages whose modules may be named in a gin file.
_OPEN = ("cross_fitting", "datasets", "inference", "models", "networks", "objectives", "tasks")
_WITHOUT_GIN = "alen_tf.datasets.builders"  # imports TFDS
# What `parse` read last beside files; gin's configuration is global, and so is this. Whoever clears
# gin's leaves this as it is.
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
        except Exception as error:  # gin raises whatever it met
            raise ConfigError(f"--gin_param={param!r}: {_reason(error)}") from error
    try:
        gin.finalize()
    except ValueError as error:
        raise ConfigError(_undefined_macro(error, [*files, *params])) from error


def root():
    """The name of the root whose task is bound, "train" or "cross_fit": what a run is made by.

    Raises:
      ConfigError: none is, or both are.
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
    except ValueError:  # which gin says it with
        return False
    return True


@contextlib.contextmanager
def kept():
    """Afterwards gin's configuration, which is global, is what it was before the block."""
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
    """Around what gin fills arguments in for.

    Raises:
      ConfigError: an argument without a default has no binding.
    """
    try:
        yield
    except (RuntimeError, TypeError) as error:
        if "Required bindings" in str(error):
            raise ConfigError(_reason(error)) from error
        # What gin adds to Python's message where a constructor's argument is missing.
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
    """Checks that single bindings had an effect, once all that a run consists of is made.

    Gin says nothing where nobody takes a binding, or where whoever would, energy/adam of
    adam.learning_rate, has one of its own.

    Args:
      queried: names of bindings that took effect without a call, which alone gin records.

    Raises:
      ConfigError: one had none.
    """
    # Those of inner scopes last, which win.
    bound = sorted(_bindings(gin.config_str()), key=lambda binding: len(binding[1]))
    effective = {(name, ()) for name in queried}
    for name, scope in _bindings(gin.operative_config_str()):
        covering = [each for each in bound if each[0] == name and scope[: len(each[1])] == each[1]]
        effective.update(covering[-1:])
    for param in _params:
        for name, scope in _bindings(param).intersection(bound) - effective:
            message = f"--gin_param={param!r}: nothing in this run takes it"
            if inner := [path for other, path in bound if other == name and len(path) > len(scope)]:
                names = ", ".join(sorted("/".join((*path, name)) for path in inner))
                message += f"; the gin file binds {names} in its place"
            raise ConfigError(message)


def _bindings(text):
    """What bindings in a text are of: {("adam.learning_rate", ("energy",))} for
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
    # In a gin file a line after a value; where a value goes on, as in 10**9, a user sees no line.
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
