"""Predicted masks at the size of the images, as PNG files, and what is expected of each."""

import csv
import io
import math
import pathlib

import numpy as np
from PIL import Image

from alen_tf.datasets.readers import images
from alen_tf.errors import DataError
from alen_tf.storage import check_absent, first_folder

TABLE = "predictions.csv"


def predict_images(model, source, target, known=None, steps=None):
    """Predicts a mask for every image into a folder, which appears complete or not at all.

    `target` gets NAME.png for an image NAME.png or NAME.jpg, of the same size: grey values are
    classes as in the masks of a training folder, with 255 for what is inside where there is a
    single name. `predictions.csv` there has, per image, the confidence of the prediction under the
    name of what is expected, such as "expected soft pixel accuracy".

    Args:
      model: a `TrainedModel` of images.
      source: an image, or a folder of images.
      target: the folder to make.
      known: a folder of strokes, see `read_strokes`, NAME.png for those images that have them.
        Masks have them pixel by pixel; the model sees a place as known if some of its pixels are.
      steps: number of refinement steps; the configured number by default.

    Returns:
      The number of images.

    Raises:
      UserError: a file cannot be read or does not fit, or the folder cannot be made.
    """
    target = pathlib.Path(target).expanduser()
    check_absent(target)
    paths = images.listed(source, images.PHOTOGRAPHS)
    x, sizes = images.read_images(paths, model.signature.input_shape[:2])
    strokes, values = {}, None
    if known is not None:
        strokes = images.listed(known, images.MASKS)
        values = _read_known(strokes, paths, sizes, model.signature)
    prediction = model(x, steps, values, source=source)
    with first_folder(target) as part:
        for name, size, relaxed in zip(paths, sizes, prediction.relaxed, strict=True):
            classes = images.enlarged(relaxed, size, model.signature.threshold)
            if name in strokes:
                stroke = images.read_strokes(strokes[name], model.signature.label_names)
                classes = np.where(stroke == images.UNKNOWN, classes, stroke)
            values = classes * 255 if relaxed.shape[-1] == 1 else classes
            Image.fromarray(values.astype(np.uint8)).save(part / f"{name}.png")
        (part / TABLE).write_text(_table(paths, prediction, model.signature), encoding="utf-8")
    return len(paths)


def _read_known(strokes, paths, sizes, signature):
    """Known outputs, [images, height, width, 1 or classes], float32, NaN where unknown."""
    size, names = signature.output_shape[:2], signature.label_names
    known = np.full((len(paths), *signature.output_shape), np.nan, np.float32)
    rows = {name: row for row, name in enumerate(paths)}
    for name, path in strokes.items():
        if name not in rows:
            raise DataError(f"{path}: no image is named {name}")
        stroke = images.read_strokes(path, names)
        images.check_size(path, stroke, paths[name], sizes[rows[name]])
        if (stroke != images.UNKNOWN).all():
            raise DataError(f"{path}: no pixel is transparent: nothing is left to predict")
        known[rows[name]] = images.known_outputs(stroke, names, size)
    return known


def _table(paths, prediction, signature):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["image", "mask", f"expected {signature.expected}"])
    for name, confidence in zip(paths, prediction.confidence, strict=True):
        value = "" if math.isnan(confidence) else f"{confidence:.6g}"
        writer.writerow([paths[name].name, f"{name}.png", value])
    return text.getvalue()
