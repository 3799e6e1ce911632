"""Predicted masks at the size of the images, as PNG files, and their confidence."""

import csv
import functools
import io
import math
import pathlib

import numpy as np
from PIL import Image

from alen_tf.datasets.readers import masks
from alen_tf.datasets.readers.image_files import listed
from alen_tf.datasets.readers.pairing import Pairing
from alen_tf.datasets.readers.photographs import read_images
from alen_tf.datasets.readers.resized import enlarged, outputs
from alen_tf.errors import DataError
from alen_tf.storage import check_absent, first_folder

TABLE = "predictions.csv"


def predict_images(model, source, target, known=None, steps=None):
    """Predicts a mask for every image into a folder, which appears complete or not at all.

    For an image NAME.jpg it writes NAME.png, in the size of the upright image. Grey values are
    classes as in the masks of a training folder, with 255 inside the object if there is a single
    name. `predictions.csv` has the confidence of each prediction, in a column named after the
    expected score, such as "expected soft pixel accuracy".

    Args:
      model: a `TrainedModel` of images.
      source: an image, or a folder of images.
      target: the folder to make.
      known: a folder of strokes, see `read_strokes`, with NAME.png for images that have strokes.
        Masks keep strokes pixel by pixel; for the model, a place is known if any of its pixels is.
      steps: number of refinement steps; the configured number by default.

    Returns:
      The number of images.

    Raises:
      UserError: a file cannot be read or does not fit, or the folder cannot be made.
    """
    target = pathlib.Path(target).expanduser()
    check_absent(target)
    paths = listed(source)
    x, frames = read_images(paths, model.signature.input_shape[:2])
    strokes = {} if known is None else _strokes(known, paths, frames, model.signature.label_names)
    values = _known_outputs(strokes, paths, model.signature) if strokes else None
    prediction = model(x, steps, values, source=source)
    with first_folder(target) as part:
        for name, frame, relaxed in zip(paths, frames, prediction.relaxed, strict=True):
            classes = enlarged(relaxed, frame.size, model.signature.threshold)
            if name in strokes:
                stroke = strokes[name]()
                classes = np.where(stroke == masks.UNKNOWN, classes, stroke)
            values = classes * 255 if relaxed.shape[-1] == 1 else classes
            Image.fromarray(values.astype(np.uint8)).save(part / f"{name}.png")
        (part / TABLE).write_text(_table(paths, prediction, model.signature), encoding="utf-8")
    return len(paths)


def _strokes(folder, photographs, frames, names):
    """Functions that read strokes, by name of the photographs that have them: all strokes at once
    may not fit in memory."""
    paths = listed(folder)
    for name, path in paths.items():
        if name not in photographs:
            raise DataError(f"{path}: no image is named {name}")
    pairing = Pairing(photographs, frames, paths)

    def read(name):
        stroke = pairing.upright(name, masks.read_strokes(paths[name], names))
        if (stroke != masks.UNKNOWN).all():
            raise DataError(f"{paths[name]}: no pixel is transparent: nothing is left to predict")
        return stroke

    return {name: functools.partial(read, name) for name in paths}


def _known_outputs(strokes, photographs, signature):
    """Known outputs, [images, height, width, 1 or classes], float32, NaN where unknown."""
    known = np.full((len(photographs), *signature.output_shape), np.nan, np.float32)
    for row, name in enumerate(photographs):
        if name in strokes:
            known[row] = outputs(strokes[name](), signature.label_names, signature.output_shape[:2])
    return known


def _table(paths, prediction, signature):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["image", "mask", f"expected {signature.expected}"])
    for name, confidence in zip(paths, prediction.confidence, strict=True):
        value = "" if math.isnan(confidence) else f"{confidence:.6g}"
        writer.writerow([paths[name].name, f"{name}.png", value])
    return text.getvalue()
