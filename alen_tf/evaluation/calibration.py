"""How accurate confidence is: v(x, y) of predictions against their true scores."""

import numpy as np
import tensorflow as tf
from scipy import stats

from alen_tf.evaluation.scores import evaluate_splits, steps_of
from alen_tf.evaluation.signature import Signature
from alen_tf.evaluation.trained_model import TrainedModel
from alen_tf.inference.batching import Compiled
from alen_tf.models.batch import only_counted, per_example

BINS = 10
FEW = 30  # examples; fewer say nothing about a mean or a rank correlation
SHARES = (100, 90, 75, 50, 25, 10)  # per cent of the examples kept


def evaluate_and_judge(task, splits, model, paths, steps=None):
    """The content of `results.json` about splits, including confidence and the number of inference
    steps.

    Args:
      task, splits, paths: see `scores.evaluate_splits`.
      model: the trained `StructuredModel` whose paths these are.
      steps: the requested number; the configured number by default.

    Returns:
      (results, the model's `Signature`).
    """
    results = evaluate_splits(task, splits, paths)
    results["inference_steps"] = steps_of(model, paths["validation"], steps)
    threshold = results["validation"]["tuned"]["threshold"]
    signature = Signature.of(splits, threshold, task.expected)
    judge(task, TrainedModel(model, signature), splits, paths, results)
    return results, signature


def judge(task, trained, splits, paths, results):
    """Adds a `report` as "confidence" to the results of each split, if the model has confidence,
    with the name of the "expected" score.

    Args:
      task: the `Task`; its oracle value of a discrete output is the score of one example.
      trained: a `TrainedModel`.
      splits: the `Splits`.
      paths: see `scores.predict_splits`; their ends are scored.
      results: see `scores.evaluate_splits`.
    """
    interpret = Compiled(trained.interpret)
    for split, path in paths.items():
        examples = getattr(splits, split)
        found = interpret(trained.model.views, examples.x, path[-1])
        if not np.isnan(found.confidence).any():
            counted = _counted(examples)
            y, y_true = (
                only_counted(tf.cast(each, tf.float32), counted)
                for each in (found.labels, np.nan_to_num(examples.y))
            )
            score = per_example(task.oracle(y, y_true), counted).numpy()
            judged = report(found.confidence, score)
            results[split]["confidence"] = {"expected": task.expected, **judged}


def _counted(examples):
    """Which outputs of examples count, as in a `Batch`."""
    if not examples.incomplete:
        return None
    counted = ~np.isnan(examples.y) if examples.counted is None else examples.counted
    return tf.cast(counted, tf.float32)


def _reports(results):
    splits = [split for split in ("validation", "test") if split in results]
    reports = {split: results[split].get("confidence") for split in splits}
    name = {"expected": results["metric"]}  # in records from before it was named
    return {split: name | found for split, found in reports.items() if found}


def report(confidence, score):
    """Rank correlation, a table of equally filled bins, and scores of the most confident examples.

    Args:
      confidence, score: [examples].

    Returns:
      {"rank_correlation": Spearman's, "bins": [{"confidence": mean, "score": mean, "examples":
      count}], "kept": {"50": mean score of the most confident 50%, ...}}. Bins and shares hold at
      least `FEW` examples, except the share of all. With fewer examples there are no bins, and the
      correlation is None.
    """
    order = np.argsort(-confidence, kind="stable")
    bins = min(BINS, len(order) // FEW)
    counts = {share: round(len(order) * share / 100) for share in SHARES}
    return {
        "rank_correlation": _rank_correlation(confidence, score) if bins else None,
        "bins": [
            {
                "confidence": float(np.mean(confidence[part])),
                "score": float(np.mean(score[part])),
                "examples": len(part),
            }
            for part in (np.array_split(order[::-1], bins) if bins else ())
        ],
        "kept": {
            str(share): float(np.mean(score[order[:count]]))
            for share, count in counts.items()
            if share == 100 or count >= FEW
        },
    }


def _rank_correlation(confidence, score):
    varied = np.ptp(confidence) > 0 and np.ptp(score) > 0
    return float(stats.spearmanr(confidence, score)[0]) if varied else 0.0


def table(results):
    """The additions of `judge` to the results, as text."""
    lines = []
    for split, found in _reports(results).items():
        name = found["expected"]
        if not found["bins"]:
            lines.append(
                f"confidence on {split}: fewer than {FEW} examples are too few to judge it"
            )
            lines.append(f"mean {name}: {found['kept']['100']:.4f}")
            continue
        lines.append(f"confidence on {split}: rank correlation {found['rank_correlation']:.3f}")
        lines.append(f"{'expected ' + name:>28}{'true':>10}{'examples':>10}")
        lines += [
            f"{part['confidence']:28.4f}{part['score']:10.4f}{part['examples']:10d}"
            for part in found["bins"]
        ]
        kept = (f"{share}%: {value:.4f}" for share, value in found["kept"].items())
        lines.append(f"mean {name} of the most confident " + ", ".join(kept))
    return "\n".join(lines)


def figure(results):
    """A figure of the additions of `judge`: bins against the diagonal, and scores of the most
    confident examples. None if no split has a report with bins."""
    reports = {split: found for split, found in _reports(results).items() if found["bins"]}
    if not reports:
        return None
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.6), layout="constrained")
    left.plot([0, 1], [0, 1], color="grey", linewidth=0.8, linestyle="--")
    for split, found in reports.items():
        x, y = zip(*((part["confidence"], part["score"]) for part in found["bins"]), strict=True)
        left.plot(x, y, marker="o", markersize=4, label=split)
        right.plot(list(map(int, found["kept"])), list(found["kept"].values()), marker="o")
    (name,) = {found["expected"].replace("example_f1", "F1") for found in reports.values()}
    left.set(xlabel=f"expected {name}, v(x, y)", ylabel=f"true {name}", xlim=(0, 1), ylim=(0, 1))
    right.set(
        xlabel="most confident predictions kept, %",
        ylabel=f"mean {name}",
        xlim=(0, 103),
        ylim=(0, 1),
    )
    left.legend()
    for axes in (left, right):
        axes.grid(alpha=0.3)
    return figure
