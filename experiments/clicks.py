"""Horses outlined with clicks: python -m experiments.clicks --manual_dir=DIR.

NoC@85 and NoC@90: the mean number of clicks per image, at most 20, until its mask has an IoU of 85
or 90%. Clicks are placed as in RITM (Sofiiuk et al., ICIP 2022): each gives the true class of the
pixel that is deepest in a region of missed or wrongly added pixels. RITM's first click is on an
empty mask; here the model first proposes a mask without clicks, and an image whose proposal is good
enough takes none. ALEN and a U-Net without an energy both see clicks as disks, and both keep the
class of a clicked pixel. Writes docs/clicks.png.
"""

import json

import numpy as np
from absl import app, flags

from experiments import runs, segmentation

NAME = "clicks"
SEEDS = range(2)
MOST = 20
LEAST = 5  # clicks on every image, for the mean IoU
SHOWN = (0, 1, 3, 5)
TARGETS = (0.85, 0.9)
STEPS = (2, 5, 8)  # of which validation chooses
PARAMS = ("train.epochs = 100", "train.test = False")  # test is read once, by clicks
RUNS = {
    "alen": "gin/weizmann_horses/clicks.gin",
    "unet": "gin/weizmann_horses/clicks_unet.gin",
}
ROWS = {
    "unet": "U-Net trained with clicks, no energy",
    "inference_network": "ALEN's inference network alone",
    "refined": "ALEN, refined around the clicks",
}


def click(y, y_true, known):
    """Adds a click to what is known of an image.

    Args:
      y, y_true: predicted and true mask, bool [height, width], which differ somewhere.
      known: what is known, [height, width], NaN elsewhere; it is changed.
    """
    from scipy import ndimage

    missed, added = (  # regions end where the image does
        ndimage.distance_transform_edt(np.pad(wrong, 1))[1:-1, 1:-1]
        for wrong in (y_true & ~y, y & ~y_true)
    )
    depth = missed if missed.max() > added.max() else added
    place = np.unravel_index(np.argmax(depth), y.shape)
    known[place] = y_true[place]


def iou(y, y_true):
    """Intersection over union of each mask, bool [examples, height, width]."""
    from alen_tf.objectives.metrics import iou_of_examples

    return iou_of_examples(y[..., None], y_true[..., None])[:, 0]


def clicked(predict, x, y_true, most=MOST, least=LEAST):
    """Clicks on images until every target is reached: from `least` to `most` on each.

    Args:
      predict: a function of images and what is known of them to masks in [0, 1], [examples, height,
        width, 1].
      x: images, [examples, height, width, 3].
      y_true: true masks, bool [examples, height, width].

    Returns:
      (IoU after 0, 1, ..., `most` clicks, [most + 1, examples], which stays as it is from an
      image's last click on; what is known in the end, [examples, height, width]).
    """
    known = np.full(y_true.shape, np.nan, np.float32)
    found = np.zeros((most + 1, len(x)))
    rows = np.arange(len(x))
    for number in range(most + 1):
        y = predict(x[rows], known[rows, ..., None])[..., 0] >= 0.5
        found[number:, rows] = iou(y, y_true[rows])
        goes_on = (found[number, rows] < 1) & (
            (number < least) | (found[number, rows] < max(TARGETS))
        )
        y, rows = y[goes_on], rows[goes_on]
        if number == most or not len(rows):
            return found, known
        for mask, row in zip(y, rows, strict=True):
            click(mask, y_true[row], known[row])


def clicks_needed(found, target):
    """The number of clicks of each image, [examples], from IoU by number of clicks; the largest
    number where the target is never reached."""
    reached = found >= target
    return np.where(reached.any(axis=0), reached.argmax(axis=0), len(found) - 1)


def scores(found):
    """NoC of each target, mean IoU by number of clicks, images that fail each target."""
    needed = {f"noc@{100 * target:.0f}": clicks_needed(found, target) for target in TARGETS}
    failed = {
        f"failed@{100 * target:.0f}": int(np.sum(~(found >= target).any(axis=0)))
        for target in TARGETS
    }
    means = {name: float(np.mean(numbers)) for name, numbers in needed.items()}
    return means | failed | {"mean_iou": [float(each) for each in found[: LEAST + 1].mean(axis=1)]}


def predictor(model, steps):
    """A function of images and what is known to the masks after so many steps."""
    return lambda x, known: model.refine(x, steps=steps, known=known)[-1]


def measure(method, run):
    """Scores on test of every row that a run gives; validation chooses the number of steps."""
    from alen_tf.serving import trained

    workdir = runs.trained_workdir(NAME, run)
    _, splits, model = trained.restore(workdir, flags.FLAGS.manual_dir, flags.FLAGS.data_dir)
    validation, test = (
        (examples.x, examples.y[..., 0] == 1) for examples in (splits.validation, splits.test)
    )
    if method == "unet":
        return {"unet": scores(clicked(predictor(model, 0), *test)[0])}
    tried = {steps: scores(clicked(predictor(model, steps), *validation)[0]) for steps in STEPS}
    best = min(STEPS, key=lambda steps: tried[steps]["noc@85"])
    return {
        "validation": {str(steps): found for steps, found in tried.items()},
        "steps": best,
        "inference_network": scores(clicked(predictor(model, 0), *test)[0]),
        "refined": scores(clicked(predictor(model, best), *test)[0]),
    }


def wanted():
    """The `Run` of each method and seed."""
    return {
        (method, seed): runs.Run(gin_file, seed, PARAMS)
        for method, gin_file in RUNS.items()
        for seed in SEEDS
    }


def table():
    """All rows as Markdown."""
    done, lines = runs.recorded(NAME), []
    for row, label in ROWS.items():
        method = "unet" if row == "unet" else "alen"
        found = [done.get(wanted()[method, seed].command) for seed in SEEDS]
        found = [each["clicks"][row] for each in found if each]
        cells = [_mean([each[key] for each in found]) for key in ("noc@85", "noc@90")]
        cells += [_mean([100 * each["mean_iou"][number] for each in found], 1) for number in SHOWN]
        lines.append([label, *cells, str(len(found))])
    columns = [f"IoU after {number}" for number in SHOWN]
    return runs.markdown(["method", "NoC@85", "NoC@90", *columns, "seeds"], lines)


def _mean(values, digits=2):
    if not values:
        return "not run"
    spread = f" ± {np.std(values, ddof=1):.{digits}f}" if len(values) > 1 else ""
    return f"{np.mean(values):.{digits}f}{spread}"


def draw(run):
    """A picture of the test horses of which the proposal is worst, near-copies among them once:
    image, truth, what ALEN proposes, and its masks after one, two and three clicks."""
    from alen_tf.serving import trained
    from alen_tf.tasks import rows_of_images

    workdir = runs.trained_workdir(NAME, run)
    _, splits, model = trained.restore(workdir, flags.FLAGS.manual_dir, flags.FLAGS.data_dir)
    x, y_true = splits.test.x, splits.test.y[..., 0] == 1
    steps = runs.recorded(NAME)[run.command]["clicks"]["steps"]
    predict = predictor(model, steps)
    found = iou(predict(x, np.full((*y_true.shape, 1), np.nan, np.float32))[..., 0] >= 0.5, y_true)
    chosen = np.array(segmentation.without_copies(x, np.argsort(found, kind="stable")[:8]))
    x, y_true = x[chosen], y_true[chosen]
    known, pictures, before = np.full(y_true.shape, np.nan, np.float32), {}, None
    for number in range(4):
        y = predict(x, known[..., None])[..., 0] >= 0.5
        pictures[f"{number} clicks" if number != 1 else "1 click"] = changes(y, before, known)
        before = y
        for each in range(len(x)):
            if (y[each] != y_true[each]).any():
                click(y[each], y_true[each], known[each])
    truth = np.repeat(y_true[..., None], 3, axis=-1)
    return rows_of_images.figure({"image": x / 255.0, "truth": truth, **pictures}, size=1.1)[0]


def changes(y, before, known):
    """Masks as images [examples, height, width, 3]: added pixels in blue, removed ones in orange,
    clicks on the object in green and on the background in purple; all colour-blind safe."""
    image = np.repeat(y[..., None].astype(float), 3, axis=-1)
    if before is not None:
        image[y & ~before] = (0.34, 0.71, 0.91)
        image[before & ~y] = (0.90, 0.62, 0.0)
    image[known == 1] = (0.0, 0.62, 0.45)
    image[known == 0] = (0.80, 0.47, 0.65)
    return image


def main(argv):
    del argv
    for (method, _), run in wanted().items():
        asked = flags.FLAGS.run and method in (flags.FLAGS.methods or RUNS)
        if asked and run.command not in runs.recorded(NAME):
            found = {
                "command": run.command,
                "commit": runs.commit(),
                "clicks": measure(method, run),
            }
            results = runs.trained_workdir(NAME, run) / "results.json"
            runs.record(NAME, json.loads(results.read_text(encoding="utf-8")) | found)
    print(table())
    first = wanted()["alen", 0]
    if flags.FLAGS.run and first.command in runs.recorded(NAME):
        runs.save(draw(first), NAME)


if __name__ == "__main__":
    app.run(main)
