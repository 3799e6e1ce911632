"""A user's own images from folder to folder: train, predict, export."""

import csv
import errno
import functools
import json
import os
import subprocess
import sys

import gin
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from alen_tf.datasets.readers.masks import read_mask
from alen_tf.datasets.readers.photographs import read_image
from alen_tf.datasets.readers.resized import outputs, shrunk
from alen_tf.errors import UserError
from alen_tf.evaluation import calibration
from alen_tf.evaluation.signature import Signature
from alen_tf.evaluation.trained_model import TrainedModel
from alen_tf.objectives.metrics import mean_iou, pixel_accuracy
from alen_tf.serving import image_files as masks
from alen_tf.serving import saved_model as exported
from alen_tf.serving import trained
from alen_tf.training import config, trainer
from tests import commands
from tests.photographs import STORED, saved, write_folder

CONFIG = "gin/own/segmentation.gin"
SIZE = 16
SMALL = [
    "train.epochs = 1",
    "train.evaluate_every = 1",
    f"image_folder.size = {SIZE}",
    "UNet.filters = (4, 8)",
    "UNetEnergy.filters = (4, 8)",
    "UNetEnergy.context_filters = (4, 8)",
    "UNetEnergy.groups = 4",
    "training/GradientAscent.steps = 1",
    "prediction/GradientAscent.steps = 1",
]


def read(path):
    return np.asarray(Image.open(path))


def all_of(folder):
    """All images of a folder of one size, in the order of their names."""
    return np.stack([read(path) for path in sorted(folder.glob("*.png"))])


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A folder with `blobs/train/` and `blobs/test/`, the latter of the model's own size."""
    folder = tmp_path_factory.mktemp("own")
    write_folder(folder / "blobs" / "train", 30, (21, 29))
    write_folder(folder / "blobs" / "test", 9, (SIZE, SIZE), seed=1)
    return folder


def params(own):
    return [f"image_folder.folder = '{own}/blobs'", "classes = ('blob',)", *SMALL]


def built(*shapes, params):
    """Task and model of the configuration, not trained: what is not learned is not tested."""
    config.parse([CONFIG], params)
    root = gin.get_bindings("train")
    x_shape, y_shape = ((None, *shape) for shape in shapes)
    return root["task"], trainer.build(root["model"], root["task"], x_shape, y_shape)


@pytest.fixture(scope="module")
def judged(own):
    """A model and its results on the test images."""
    task, model = built((SIZE, SIZE, 3), (SIZE, SIZE, 1), params=params(own))
    splits = task.load()
    model.preprocessing.adapt(splits.train.x)
    path = model.refine(splits.test.x)
    y = path[-1]
    threshold = float(np.median(y))  # so that there are pixels of both kinds
    results = {"test": task.scores(y, splits.test.truth, threshold)}
    model = TrainedModel(model, Signature.of(splits, threshold, task.expected))
    calibration.judge(task, model, splits, {"test": path}, results)
    return model, results


@pytest.fixture(scope="module")
def model(judged):
    return judged[0]


@pytest.fixture(scope="module")
def results(judged):
    return judged[1]


@pytest.fixture(scope="module")
def predicted(own, model):
    """The predictions for the test images, and the rows of their table."""
    target = own / "predicted" / "test"
    assert masks.predict_images(model, own / "blobs" / "test" / "images", target) == 9
    with (target / "predictions.csv").open(newline="") as file:
        return all_of(target), list(csv.DictReader(file))


@pytest.fixture(scope="module")
def held_out(own):
    """Images and masks of the test folder."""
    return all_of(own / "blobs" / "test" / "images"), all_of(own / "blobs" / "test" / "masks")


def iou(y, y_true):
    return mean_iou((y > 0)[..., None], (y_true > 0)[..., None])


def test_masks_have_the_score_of_the_evaluation(results, predicted, held_out):
    assert set(np.unique(predicted[0])) == {0, 255}
    expected = results["test"]["mean_iou"]
    assert iou(predicted[0], held_out[1]) == pytest.approx(expected, abs=1e-9)


def test_confidence_is_named_for_what_it_is(results, predicted, model, held_out):
    x, y_true = held_out
    found = [float(row["expected soft pixel accuracy"]) for row in predicted[1]]
    np.testing.assert_allclose(found, model(x).confidence, rtol=1e-5)
    assert [row["image"] for row in predicted[1]] == [f"blob {i:02d}.png" for i in range(9)]
    judged = results["test"]["confidence"]
    assert judged["expected"] == "soft pixel accuracy"
    right = pixel_accuracy(predicted[0][..., None] > 0, y_true[..., None] > 0)
    assert judged["kept"]["100"] == pytest.approx(right)


def test_masks_have_the_size_of_the_images(own, model, tmp_path):
    path = own / "blobs" / "train" / "images" / "blob 04.png"
    assert masks.predict_images(model, path, tmp_path / "one") == 1
    assert sorted(os.listdir(tmp_path / "one")) == ["blob 04.png", "predictions.csv"]
    x = shrunk(Image.open(path), (SIZE, SIZE))
    large = tf.image.resize(model(x[None]).relaxed[0], (21, 29)).numpy()[..., 0]
    sure = abs(large - model.signature.threshold) > 1e-4
    found = read(tmp_path / "one" / "blob 04.png")
    np.testing.assert_array_equal(found[sure], ((large >= model.signature.threshold) * 255)[sure])


def write_stroke(path, size=(21, 29)):
    """A line of what is inside and one of what is outside."""
    stroke = np.zeros((*size, 2), np.uint8)
    stroke[3, 2:9] = 255, 255
    stroke[11:13, 12] = 0, 255
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(stroke).save(path)
    return np.where(stroke[..., 1] == 255, stroke[..., 0], 1)


def test_strokes_are_kept_and_matter(own, model, tmp_path):
    source = own / "blobs" / "train" / "images"
    stroke = write_stroke(tmp_path / "strokes" / "blob 02.png")
    for name, known in (("without", None), ("with", tmp_path / "strokes")):
        masks.predict_images(model, source, tmp_path / name, known)
    before, after = all_of(tmp_path / "without"), all_of(tmp_path / "with")
    np.testing.assert_array_equal(after[2][stroke != 1], stroke[stroke != 1])
    np.testing.assert_array_equal(np.delete(before, 2, 0), np.delete(after, 2, 0))

    x = shrunk(Image.open(source / "blob 02.png"), (SIZE, SIZE))[None]
    known = np.full((1, SIZE, SIZE, 1), np.nan, np.float32)
    for row, column in np.argwhere(stroke != 1):  # a pixel is of the place that its middle is in
        place = int((row + 0.5) * SIZE / 21), int((column + 0.5) * SIZE / 29)
        known[(0, *place)] = stroke[row, column] > 0
    expected = model(x, known=known)
    large = tf.image.resize(expected.relaxed[0], (21, 29)).numpy()[..., 0]
    sure = (abs(large - model.signature.threshold) > 1e-4) & (stroke == 1)
    np.testing.assert_array_equal(
        after[2][sure], ((large >= model.signature.threshold) * 255)[sure]
    )
    assert not np.array_equal(model(x).relaxed, expected.relaxed)


@pytest.mark.slow
def test_a_model_that_learns_from_clicks_is_served_what_is_known(own, tmp_path, random):
    settings = [*params(own), "ALEN.known_fraction = @Clicks()", "Clicks.radius = 1"]
    task, made = built((SIZE, SIZE, 3), (SIZE, SIZE, 1), params=settings)
    made.preprocessing.adapt(task.load().train.x)
    model = TrainedModel(made, Signature((SIZE, SIZE, 3), (SIZE, SIZE, 1), ("blob",)))
    x = random.randint(0, 256, (2, SIZE, SIZE, 3)).astype(np.uint8)
    known = np.full((2, SIZE, SIZE, 1), np.nan, np.float32)
    known[0, 4, 5], known[0, 9, 2] = 1, 0
    found = model(x, steps=0, known=known)
    np.testing.assert_array_equal(found.relaxed[~np.isnan(known)], [1, 0])
    change = np.abs(found.relaxed - model(x, steps=0).relaxed)[..., 0]
    assert change[0][np.isnan(known[0, ..., 0])].max() > 1e-4  # g sees clicks
    assert change[1].max() == 0
    exported.save(model, tmp_path / "saved")
    complete = tf.saved_model.load(tmp_path / "saved").signatures["complete"]
    served = complete(
        x=tf.constant(x),
        steps=tf.constant(0),
        mask=tf.constant(~np.isnan(known)),
        values=tf.constant(np.nan_to_num(known)),
    )
    np.testing.assert_allclose(served["relaxed"], found.relaxed, atol=1e-6)
    np.testing.assert_allclose(served["confidence"], found.confidence, atol=1e-6)


@pytest.mark.parametrize("drawn_on", ["upright", "stored", "both"])
def test_photographs_that_exif_turns_get_upright_masks(own, model, tmp_path, capsys, drawn_on):
    image = Image.open(own / "blobs" / "train" / "images" / "blob 02.png")
    for name in ("upright", "turned", "with upright", "with turned"):
        (tmp_path / name).mkdir()
    saved(tmp_path / "upright" / "a.png", image)
    saved(tmp_path / "turned" / "a.tif", image, orientation=6)
    write_stroke(tmp_path / "with upright" / "a.png")
    stroke = Image.open(tmp_path / "with upright" / "a.png")
    if drawn_on == "stored":
        stroke = stroke.transpose(STORED[6])
    both = 6 if drawn_on == "both" else None
    saved(tmp_path / "with turned" / "a.png", stroke, orientation=both)
    for name in ("upright", "turned"):
        masks.predict_images(model, tmp_path / name, tmp_path / f"{name} out")
        found = tmp_path / f"{name} known"
        masks.predict_images(model, tmp_path / name, found, tmp_path / f"with {name}")
    for kind in ("out", "known"):
        upright, turned = (
            read(tmp_path / f"{name} {kind}" / "a.png") for name in ("upright", "turned")
        )
        np.testing.assert_array_equal(turned, upright)
    assert ("so it is turned too" in capsys.readouterr().err) == (drawn_on == "stored")


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"source": "none"}, ["none: cannot be read"]),
        ({"source": "blobs"}, ["blobs: contains no image"]),
        ({"source": "notes"}, ["notes.txt: not one of .png, .jpg"]),
        ({"source": "cut"}, ["cut.png: not a readable PNG"]),
        ({"known": "moon"}, ["moon.png: no image is named moon"]),
        ({"known": "wide"}, ["blob 00.png: 29x21 pixels", "has 16x16"]),
        ({"known": "full"}, ["blob 00.png: no pixel is transparent"]),
        ({"known": "grey"}, ["row 3, column 1 of the strokes has the value 7", "'blob'"]),
        ({"target": "blobs"}, ["blobs exists already"]),
        ({"target": "notes/notes.txt/out"}, ["out: cannot be written"]),
    ],
)
def test_a_mistake_is_named_and_leaves_no_output(own, model, options, parts):
    for name in ("notes", "cut", "full", "grey"):
        (own / name).mkdir(exist_ok=True)
    (own / "notes" / "notes.txt").write_text("")
    (own / "cut" / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    write_stroke(own / "moon" / "moon.png")
    write_stroke(own / "wide" / "blob 00.png")
    Image.fromarray(np.zeros((SIZE, SIZE), np.uint8)).save(own / "full" / "blob 00.png")
    grey = np.zeros((SIZE, SIZE, 2), np.uint8)
    grey[2, 0] = 7, 255
    Image.fromarray(grey).save(own / "grey" / "blob 00.png")
    paths = {"source": "blobs/test/images", "target": "never"} | options
    before = sorted(own.rglob("*"))
    with pytest.raises(UserError) as caught:
        masks.predict_images(model, **{name: own / path for name, path in paths.items()})
    for part in parts:
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)
    assert sorted(own.rglob("*")) == before


def test_a_disk_that_fills_up_leaves_no_output(own, model, monkeypatch):
    save, saved = Image.Image.save, []

    def fail(image, path):
        saved.append(path)
        if len(saved) == 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        save(image, path)

    monkeypatch.setattr(Image.Image, "save", fail)
    before = sorted(own.rglob("*"))
    with pytest.raises(UserError, match="never: cannot be written: No space left"):
        masks.predict_images(model, own / "blobs" / "test" / "images", own / "never")
    assert sorted(own.rglob("*")) == before


def test_a_method_that_cannot_leave_out_places_says_so(tmp_path):
    write_folder(tmp_path / "blobs", 9, (SIZE, SIZE), classes=3)
    for path in (tmp_path / "blobs" / "masks").iterdir():
        mask = np.array(Image.open(path))
        mask[:4] = 255
        saved(path, mask)
    folder = f"image_folder.folder = '{tmp_path / 'blobs'}'"
    classes = "classes = ('ground', 'left', 'right')"
    spen = ["train.model = @SPEN", "SPEN.energy = @UNetEnergy()"]
    config.parse([CONFIG], [folder, classes, *SMALL, *spen])
    with pytest.raises(UserError, match="blobs: some outputs are missing, but spen"):
        trainer.train(tmp_path / "run")
    assert not (tmp_path / "run").exists()


SERVED = """
import sys, json, numpy as np, tensorflow as tf
sys.modules["alen_tf"] = None  # importing it fails
loaded = tf.saved_model.load(sys.argv[1]).signatures
x, known = (np.load(sys.argv[2])[name] for name in ("x", "known"))
steps = tf.constant(1)
plain = loaded["serving_default"](x=tf.constant(x))
mask, values = tf.constant(~np.isnan(known)), tf.constant(np.nan_to_num(known))
around = loaded["complete"](x=tf.constant(x[:2]), steps=steps, mask=mask, values=values)
refined = loaded["refine"](x=tf.constant(x), steps=steps)
alone = loaded["refine"](x=tf.constant(x), steps=tf.constant(0))
found = {"plain": plain, "refined": refined, "around": around, "alone": alone}
for name, found in found.items():
    np.savez(f"{sys.argv[3]}/{name}.npz", **found)
"""


@pytest.mark.slow
@pytest.mark.parametrize("names", [("blob",), ("ground", "left", "right")])
def test_a_saved_model_needs_nothing_but_tensorflow(tmp_path, names):
    for part, count, size in (("train", 30, (21, 29)), ("test", 9, (SIZE, SIZE))):
        write_folder(tmp_path / "blobs" / part, count, size, len(names), seed=count)
    x, y_true = (all_of(tmp_path / "blobs" / "test" / kind) for kind in ("images", "masks"))
    y_true = np.eye(3)[y_true] if len(names) > 1 else y_true[..., None] > 0
    folder = f"image_folder.folder = '{tmp_path / 'blobs'}'"
    config.parse([CONFIG], [folder, f"classes = {names}", *SMALL])
    trainer.train(tmp_path / "run")
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert results["dataset"] == "blobs"
    assert results["size"] == "16x16"
    model = trained.load(tmp_path / "run")
    assert model.signature.to_json() == {
        "input_shape": (SIZE, SIZE, 3),
        "output_shape": (SIZE, SIZE, len(names)),
        "label_names": names,
        "feature_names": (),
        "threshold": results["validation"]["tuned"]["threshold"],
        "expected": "soft pixel accuracy",
    }
    exported.save(model, tmp_path / "models" / "1")
    known = np.full((2, SIZE, SIZE, len(names)), np.nan, np.float32)
    known[:, 4] = np.eye(len(names))[-1]
    np.savez(tmp_path / "data.npz", x=x, known=known)
    paths = [tmp_path / "models" / "1", tmp_path / "data.npz", tmp_path]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    command = [sys.executable, "-c", SERVED, *map(str, paths)]
    subprocess.run(command, check=True, cwd=tmp_path, env=environment)
    for name, expected in (
        ("plain", model(x)),
        ("refined", model(x)),
        ("alone", model(x, steps=0)),
        ("around", model(x[:2], known=known)),
    ):
        found = np.load(tmp_path / f"{name}.npz")
        for part in ("relaxed", "confidence"):
            np.testing.assert_allclose(found[part], getattr(expected, part), atol=1e-5)
    labels = np.load(tmp_path / "plain.npz")["labels"]
    assert mean_iou(labels, y_true) == pytest.approx(results["test"]["tuned"]["refined"])
    found = json.loads((tmp_path / "models" / "1" / "assets.extra" / "model.json").read_text())
    assert Signature.from_json(found) == model.signature


@pytest.mark.slow
def test_masks_of_classes_are_their_numbers(tmp_path):
    names = ("ground", "left", "right")
    write_folder(tmp_path, 3, (19, 24), classes=3)
    shapes = (SIZE, SIZE, 3), (SIZE, SIZE, 3)
    task, model = built(*shapes, params=[f"classes = {names}", *SMALL])
    model = TrainedModel(model, Signature(*shapes, names, expected=task.expected))
    strokes = np.zeros((19, 24, 2), np.uint8)
    strokes[1:3, :5], strokes[7, 1:], strokes[4, 4] = (0, 255), (1, 255), (2, 255)
    (tmp_path / "strokes").mkdir()
    Image.fromarray(strokes).save(tmp_path / "strokes" / "blob 01.png")
    masks.predict_images(model, tmp_path / "images", tmp_path / "out", tmp_path / "strokes")
    found = read_mask(tmp_path / "out" / "blob 01.png", names)
    assert found.shape == (19, 24)
    known = strokes[..., 1] == 255
    np.testing.assert_array_equal(found[known], strokes[known][:, 0])
    x = shrunk(Image.open(tmp_path / "images" / "blob 00.png"), (SIZE, SIZE))
    large = tf.image.resize(model(x[None]).relaxed[0], (19, 24)).numpy()
    second, first = np.sort(large, -1)[..., -2:].transpose(2, 0, 1)
    sure = first - second > 1e-4
    found = read(tmp_path / "out" / "blob 00.png")
    np.testing.assert_array_equal(found[sure], large.argmax(-1)[sure])


@pytest.mark.slow
@pytest.mark.real_data
def test_horses_from_command_to_command(real_data, tmp_path):
    source = real_data / "weizmann_horses"
    for part, name in (("train", "train"), ("validation", "val"), ("test", "test")):
        for kind in ("images", "masks"):
            (tmp_path / "horses" / part / kind).mkdir(parents=True)
        for number in (source / f"{name}.txt").read_text().split():
            for kind, prefix in (("images", "image"), ("masks", "mask")):
                path = source / kind / f"{prefix}-{number}.png"
                if path.exists():  # one of them is missing
                    os.symlink(path, tmp_path / "horses" / part / kind / f"{number}.png")
    workdir = f"--workdir={tmp_path / 'run'}"
    run = functools.partial(commands.run, timeout=1800)
    done = run(
        "train",
        f"--gin_file={CONFIG}",
        f"--gin_param=image_folder.folder = '{tmp_path / 'horses'}'",
        "--gin_param=train.epochs = 5",
        "--gin_param=train.evaluate_every = 5",
        workdir,
    )
    assert done.returncode == 0, done.stderr
    assert "expected soft pixel accuracy" in done.stdout
    results = json.loads((tmp_path / "run" / "results.json").read_text())["test"]

    scores = tmp_path / "scores.json"
    done = run("evaluate", workdir, f"--output={scores}")
    assert done.returncode == 0, done.stderr
    expected = results["tuned"]["refined"]
    assert json.loads(scores.read_text())["test"]["tuned"]["refined"] == pytest.approx(expected)
    assert expected > 0.5  # all of an image is 0.25, nothing is 0

    test = tmp_path / "horses" / "test"
    done = run("predict", workdir, f"--input={test / 'images'}", f"--output={tmp_path / 'full'}")
    assert done.returncode == 0, done.stderr
    names = sorted(path.stem for path in (test / "images").iterdir())
    found, truth = (
        [read(folder / f"{name}.png") > 0 for name in names]
        for folder in (tmp_path / "full", test / "masks")
    )
    assert [mask.shape for mask in found] == [mask.shape for mask in truth]
    full = np.mean([iou(y[None], y_true[None]) for y, y_true in zip(found, truth, strict=True)])
    assert full == pytest.approx(expected, abs=0.05)  # at full size

    (tmp_path / "small").mkdir()  # the same images at the model's size: the very same score
    for name in names:
        image = shrunk(read_image(test / "images" / f"{name}.png"), (32, 32))
        Image.fromarray(image).save(tmp_path / "small" / f"{name}.png")
    options = [f"--input={tmp_path / 'small'}", f"--output={tmp_path / 'at_32'}"]
    assert run("predict", workdir, *options).returncode == 0
    y_true = [read_mask(test / "masks" / f"{name}.png", ("horse",)) for name in names]
    y_true = np.stack([outputs(mask, ("horse",), (32, 32)) for mask in y_true])
    at_32 = all_of(tmp_path / "at_32")
    assert mean_iou(at_32[..., None] > 0, y_true) == pytest.approx(expected, abs=1e-9)

    assert run("export", workdir, f"--output={tmp_path / 'saved' / '1'}").returncode == 0
    served = tf.saved_model.load(str(tmp_path / "saved" / "1")).signatures["serving_default"]
    labels = served(x=all_of(tmp_path / "small"))["labels"].numpy()
    np.testing.assert_array_equal(labels[..., 0] * 255, at_32)

    done = run("predict", workdir, f"--input={test}", f"--output={tmp_path / 'never'}")
    commands.assert_one_clear_line(done, f"{test}: no image in it")
