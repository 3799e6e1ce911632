"""An estimator in a folder, or in a ZIP archive of it: parameters, what was fitted, weights."""

import contextlib
import io
import pathlib
import tempfile
import zipfile

import joblib
import keras
import numpy as np

import alen_tf
from alen_tf.errors import DataError
from alen_tf.evaluation import model_card
from alen_tf.evaluation.signature import Signature
from alen_tf.evaluation.trained_model import TrainedModel
from alen_tf.storage import check_absent, first_folder, read_json, write, write_json, writing

# Files of the folder: fitted attributes, and either a Keras model or an estimator pickled by
# joblib.
FITTED, MODEL, PICKLE = "estimator.json", "model.keras", "estimator.joblib"


def save(estimator, path, trained=None):
    """Saves an `ALENClassifier` or `ALENSegmenter`.

    Args:
      estimator: a fitted one.
      path: folder to make, or a file whose name ends in .zip.
      trained: the `TrainedModel` of joint training, which is saved without pickles. Parameters that
        JSON cannot hold, such as functions, are then replaced by their names.

    Raises:
      UserError: `path` exists already, or cannot be written.
    """
    with _appearing(path) as folder:
        content = {"version": alen_tf.__version__, "estimator": type(estimator).__name__}
        if trained is None:
            joblib.dump(estimator, folder / PICKLE, compress=3)
        else:
            trained.model.save(folder / MODEL)
            fitted = {name: value for name, value in vars(estimator).items() if name.endswith("_")}
            parameters = estimator.get_params(deep=False)
            content |= {
                "parameters": {name: _plain(value) for name, value in parameters.items()},
                "fitted": {name: _listed(value) for name, value in fitted.items()},
                "signature": trained.signature.to_json(),
                "absent": _listed(trained.absent),
            }
        write_json(folder / FITTED, content)
        write(folder / model_card.NAME, estimator.model_card())


def load(path, kind):
    """Loads what was saved at `path`: the estimator, or without pickles a tuple of its parameters,
    its fitted attributes and its `TrainedModel`.

    Args:
      path: see `save`.
      kind: the class of the estimator.

    Raises:
      UserError: there is no saved estimator, another kind of one, or it is damaged.
    """
    path = pathlib.Path(path).expanduser()
    with _opened(path) as folder:
        if not (folder / FITTED).exists():
            raise DataError(f"{path}: contains no saved {kind.__name__}: {FITTED} is missing")
        saved = read_json(folder / FITTED)
        if (name := saved.get("estimator", "ALENClassifier")) != kind.__name__:
            raise DataError(f"{path}: holds a saved {name}: load it with {name}.load")
        try:
            if (folder / PICKLE).exists():
                return joblib.load(folder / PICKLE)
            fitted = {name: _unlisted(name, value) for name, value in saved["fitted"].items()}
            signature = Signature.from_json(saved["signature"])
            absent = None if saved["absent"] is None else np.array(saved["absent"])
            model = keras.saving.load_model(folder / MODEL, compile=False)
            return saved["parameters"], fitted, TrainedModel(model, signature, absent)
        except Exception as error:  # any error that these libraries raise on a damaged file
            reason = str(error).strip().splitlines() or [""]
            raise DataError(
                f"{path} is damaged, or was saved by other versions (alen_tf "
                f"{saved.get('version')}): {type(error).__name__}: {reason[0]}"
            ) from error


@contextlib.contextmanager
def _appearing(path):
    """Yields a folder whose files appear at `path`, complete or not at all."""
    path = pathlib.Path(path).expanduser()
    if path.suffix != ".zip":
        with first_folder(path) as folder:
            yield folder
        return
    check_absent(path)
    with tempfile.TemporaryDirectory() as name:
        folder, archive = pathlib.Path(name), io.BytesIO()
        yield folder
        with zipfile.ZipFile(archive, "w") as file:
            for each in sorted(folder.iterdir()):
                file.write(each, each.name)
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        write(path, archive.getvalue())


@contextlib.contextmanager
def _opened(path):
    """Yields the folder at `path`, or one with the files of an archive."""
    if not path.exists():
        raise DataError(f"{path}: no such folder or ZIP archive")
    if path.is_dir():
        yield path
        return
    with tempfile.TemporaryDirectory() as name:
        try:
            with zipfile.ZipFile(path) as file:
                file.extractall(name)
        except (OSError, zipfile.BadZipFile) as error:
            raise DataError(f"{path}: not a ZIP archive, or damaged: {error}") from error
        yield pathlib.Path(name)


def _plain(value):
    """A parameter as JSON."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return getattr(value, "__qualname__", type(value).__name__)


def _listed(value):
    """An array, a number or texts as JSON."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _unlisted(name, value):
    """A fitted attribute from JSON: an array, or the tuple of label names."""
    if not isinstance(value, list):
        return value
    if name == "label_names_":
        return tuple(value)
    return np.array(value, object if any(isinstance(each, str) for each in value) else None)
