"""Masks at the size of photographs: python -m experiments.photographs.

The horses' photographs at full size, 133x106 pixels on average, in a folder as a user has one, with
the benchmark's split. `gin/own/segmentation.gin` learns from them at several sizes; the commands of
a user write the masks of the test photographs, and IoU is of these, pixel by pixel at full size,
with refinement and without it, and also without those that are near-copies of training ones.
"""

import functools
import importlib.metadata
import json
import pathlib
import subprocess
import sys
import time

from absl import app, flags

from experiments import runs, segmentation

NAME, SEED, EPOCHS, FOLDER = "photographs", 0, 50, "horses"
IMAGES = 328
COPIES = (3, 17, 70)  # of the test split, of training photographs
# Name: (size of what the model sees, stride).
ROWS = {"32": (32, 1), "64": (64, 2), "128": (128, 4)}


def run_of(size, stride):
    """The training run at a size."""
    places = pathlib.PurePath(flags.FLAGS.workdirs) / NAME / FOLDER
    params = (
        f"image_folder.folder = '{places}'",
        f"image_folder.size = {size}",
        f"stride = {stride}",
        f"train.epochs = {EPOCHS}",
        segmentation.BFLOAT16,
    )
    return runs.Run("gin/own/segmentation.gin", SEED, params)


def prepare(folder):
    """Links to photographs and masks as `image_folder` reads them; a photograph that is missing is
    left out."""
    from alen_tf.datasets.weizmann_horses import LISTS, read_rows

    source = pathlib.Path(flags.FLAGS.manual_dir).absolute() / "weizmann_horses"
    for split, name in LISTS.items():
        for row in read_rows(source / name, IMAGES):
            for kind in ("image", "mask"):
                original = source / f"{kind}s" / f"{kind}-{row}.png"
                link = folder / split / f"{kind}s" / f"{row}.png"
                link.parent.mkdir(parents=True, exist_ok=True)
                if original.exists() and not link.exists():
                    link.symlink_to(original)


def iou(folder, truths, left_out=()):
    """Mean IoU of the masks in a folder to the true ones of the same names, but for those left
    out."""
    import numpy as np
    from PIL import Image

    from alen_tf.objectives.metrics import mean_iou

    scores = []
    for path in sorted(path for path in truths.glob("*.png") if path.stem not in left_out):
        truth, found = (np.asarray(Image.open(p)) > 127 for p in (path, folder / path.name))
        scores.append(mean_iou(found[None, ..., None], truth[None, ..., None]))
    return float(np.mean(scores))


def _copies():
    """The names of the near-copies."""
    from alen_tf.datasets.weizmann_horses import LISTS, read_rows

    listed = pathlib.Path(flags.FLAGS.manual_dir) / "weizmann_horses" / LISTS["test"]
    return {str(row) for row in read_rows(listed, IMAGES)[list(COPIES)]}


def measure(size, stride):
    """Trains at a size, and scores the masks of the test photographs."""
    run = run_of(size, stride)
    places = pathlib.Path(flags.FLAGS.workdirs) / NAME / FOLDER
    prepare(runs.ROOT / places)
    workdir = runs.trained_workdir(NAME, run)
    seconds = json.loads((workdir / "results.json").read_text(encoding="utf-8"))["train_seconds"]
    found = {"training_minutes": round(seconds / 60.0, 1)}
    for method, options in {"refined": [], "inference_network": ["--steps=0"]}.items():
        masks = workdir.with_name(f"{workdir.name}-{method}")
        photographs = runs.ROOT / places / "test" / "images"
        command = [f"--workdir={workdir}", f"--input={photographs}", f"--output={masks}", *options]
        start = time.monotonic()
        subprocess.run([sys.executable, "-m", "alen_tf.predict", *command], check=True)
        found[f"{method}_seconds"] = round(time.monotonic() - start, 1)
        truths = photographs.with_name("masks")
        found[method] = iou(masks, truths)
        found[f"{method}_without_copies"] = iou(masks, truths, _copies())
    return found | {
        "seed": SEED,
        "version": importlib.metadata.version("alen_tf"),
    }


def table():
    """Test IoU at full size by the size of what the model sees, as Markdown."""
    lines = []
    for name, (size, stride) in ROWS.items():
        command = run_of(size, stride).command
        if name not in (flags.FLAGS.methods or ROWS):
            continue
        if found := runs.measured(NAME, command, functools.partial(measure, size, stride)):
            lines.append(_line(size, stride, found))
    header = ["the model sees", "cells", "U-Net alone", "refined", "without near-copies"]
    header += ["training", "prediction"]
    return runs.markdown(header, lines)


def _line(size, stride, found):
    return [
        f"{size}x{size}",
        f"{stride}x{stride}",
        f"{100 * found['inference_network']:.2f}",
        f"{100 * found['refined']:.2f}",
        f"{100 * found['refined_without_copies']:.2f}",
        f"{found['training_minutes']:.0f} minutes",
        f"{found['refined_seconds']:.0f} s",
    ]


def main(argv):
    del argv
    print(table())


if __name__ == "__main__":
    app.run(main)
