"""Shared by Tables 2 and 3: rows of methods, columns of metrics."""

import json

from absl import flags

from experiments import runs

SEEDS = range(3)
# Several times as fast as float32 on processors that compute in bfloat16.
BFLOAT16 = 'train.precision = "mixed_bfloat16"'
# Rows that the paper's tables do not have.
LABELS = {
    "crf": "fully connected CRF on the FCN",
    "dvn_starts": "DVN, learning from more kinds of outputs",
    "dvn_unet_energy": "DVN training, a U-Net as energy",
    "alen_unet_energy_infnet": "InfNet (ALEN), a U-Net as energy",
    "alen_unet_energy": "ALEN, a U-Net as energy",
    "unet": "U-Net",
    "alen_unet_infnet": "InfNet (ALEN), U-Nets",
    "alen_unet": "ALEN, U-Nets",
    "unet_64": "U-Net",
    "alen_unet_64_infnet": "InfNet (ALEN), U-Nets",
    "alen_unet_64": "ALEN, U-Nets",
    "alen_unet_wide_infnet": "InfNet (ALEN), U-Nets, wider energy",
    "alen_unet_wide": "ALEN, U-Nets, wider energy",
}
# Input sizes other than 32x32.
INPUTS = dict.fromkeys(("unet_64", "alen_unet_64_infnet", "alen_unet_64"), "64x64")


def table(record, dataset, published, metrics, rows):
    """A table as Markdown: per metric the paper's test score, ours on validation and on test.

    Args:
      record: name of the record of runs.
      dataset: folder of gin files.
      published: key of the paper's table in `third_party/published`.
      metrics: names of scores; validation chooses by the first.
      rows: {method: (gin file or None, "refined" or "inference_network", further gin bindings)}.
    """
    source = runs.ROOT / "third_party" / "published" / "pan2020.json"
    quoted = json.loads(source.read_text(encoding="utf-8"))[published]["rows"]
    lines = []
    for method, (gin_name, key, *params) in rows.items():
        entry = quoted.get(method, {})
        size, found = entry.get("input", INPUTS.get(method, "32x32")), None
        if gin_name is not None:
            gin_file = f"gin/{dataset}/{gin_name}.gin"
            wanted = [runs.Run(gin_file, seed, tuple(params)) for seed in SEEDS]
            found = [result for result in runs.train(record, wanted) if result is not None]
        cells = [entry.get("label", LABELS.get(method)), size]
        for metric in metrics:
            cells.append(str(entry.get(metric, "-")))
            for split in ("validation", "test"):
                cells.append(_cell(found, split, key, metric))
        lines.append([*cells, "only quoted" if found is None else str(len(found))])
    names = [metric.replace("_", " ").replace("iou", "IoU") for metric in metrics]
    columns = [f"{name}, {kind}" for name in names for kind in ("paper", "validation", "test")]
    return runs.markdown(["method", "input", *columns, "seeds"], lines)


def _cell(results, split, key, metric):
    if not results:
        return "-" if results is None else "not run"
    scores = [result[split] for result in results]
    if key == "inference_network":
        scores = [each["inference_network_scores"] for each in scores]
    return runs.mean_and_spread(each[metric] for each in scores)


def figure(record, run, name):
    """Draws `docs/NAME.png`: image, truth, inference network alone and refined, of the eight test
    images that refinement changes most, without near-copies of each other.

    Args:
      record: name of the record of `run`.
      run: a `Run`, trained again if its workdir is not on this machine.
      name: of the figure.
    """
    import numpy as np

    from alen_tf.serving import trained

    workdir = runs.trained_workdir(record, run)
    task, splits, model = trained.restore(workdir, flags.FLAGS.manual_dir, flags.FLAGS.data_dir)
    path = model.refine(splits.test.x)
    decoded = [np.asarray(task.space.decode(y)) for y in path[[0, -1]]]
    changed = np.any(decoded[0] != decoded[1], axis=-1).mean(axis=(1, 2))
    rows = without_copies(splits.test.x, np.argsort(-changed, kind="stable")[:8])
    shown = splits.test.take(rows)
    (drawn,) = task.pictures(shown.x, path[:, rows], shown.truth).values()
    runs.save(drawn, name)


def without_copies(x, rows):
    """Rows of images in order, without near-copies of earlier ones."""
    from alen_tf.datasets.near_copies import near_copies

    kept = []
    for row in rows:
        if not (kept and near_copies(x[kept], x[[row]])):
            kept.append(int(row))
    return kept
