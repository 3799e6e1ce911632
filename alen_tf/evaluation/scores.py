"""Scores of a learner on a split, after every inference step and at a tuned threshold."""

import tensorflow as tf

from alen_tf.inference.batching import in_batches


class Predictor:
    """Predicts any number of examples with one compiled function of a learner."""

    def __init__(self, learner, steps=None):
        """Configures the predictor.

        Args:
          learner: a built `Learner`.
          steps: number of refinement steps; the configured number by default.
        """
        self._path = tf.function(
            lambda x: tf.stack(learner.predict(x, steps)), reduce_retracing=True, autograph=False
        )
        self._views = learner.views

    def __call__(self, x):
        """The path of relaxed outputs, [steps + 1, examples, ...], float32."""
        return in_batches(self._path, self._views, x, axis=1)


def predict_splits(predictor, splits, test=True, validation=None):
    """The paths of the validation and, with `test`, of the test split: {name: path}.

    Args:
      predictor: the `Predictor`.
      splits: the `Splits`.
      test: whether the test split is predicted too.
      validation: the path of the validation split, if it is known already.
    """
    paths = {"validation": predictor(splits.validation.x) if validation is None else validation}
    return paths | ({"test": predictor(splits.test.x)} if test else {})


def by_step(task, path, y_true):
    """The task's metric after every inference step, at the plain threshold."""
    return [task.scores(y, y_true)[task.metric] for y in path]


def evaluate_splits(task, splits, paths):
    """What `results.json` says of splits: the task's metric after every step, and all its scores of
    the refined output and of the inference network.

    Args:
      task: the `Task`.
      splits: the `Splits`.
      paths: of "validation" and perhaps "test", see `predict_splits`.

    Returns:
      {"metric": ..., "validation": {...}, "test": {...}}; thresholds are those of validation.
    """
    truth = {name: getattr(splits, name).truth for name in paths}
    ends = paths["validation"][[0, -1]]
    thresholds = [task.best_threshold(y, truth["validation"]) for y in ends]
    return {"metric": task.metric} | {
        name: _evaluate(task, path, truth[name], thresholds) for name, path in paths.items()
    }


def _evaluate(task, path, y_true, thresholds):
    scores = [task.scores(y, y_true) for y in path]
    curve = [found[task.metric] for found in scores]
    first, last = (
        task.scores(y, y_true, threshold)[task.metric]
        for y, threshold in zip((path[0], path[-1]), thresholds, strict=True)
    )
    return {
        "inference_network": curve[0],
        "refined": curve[-1],
        "by_step": curve,
        "tuned": {
            "threshold": thresholds[1],
            "inference_network_threshold": thresholds[0],
            "inference_network": first,
            "refined": last,
        },
        **(scores[-1] | {"inference_network_scores": scores[0]} if len(scores[0]) > 1 else {}),
    }


def table(results):
    """The results as a small text table: one row per inference step, one column per
    split."""
    splits = [split for split in ("validation", "test") if split in results]
    rows = []
    for step in range(len(results["validation"]["by_step"])):
        name = "inference network" if step == 0 else f"after {step} step{'s' * (step > 1)}"
        rows.append((name, [results[split]["by_step"][step] for split in splits]))
    for key, name in (("inference_network", "inference network"), ("refined", "refined")):
        rows.append(
            (f"{name}, tuned threshold", [results[split]["tuned"][key] for split in splits])
        )
    lines = [f"{results['metric']:<36}" + "".join(f"{split:>12}" for split in splits)]
    lines += [
        f"{name:<36}" + "".join(f"{value:12.4f}" for value in values) for name, values in rows
    ]
    return "\n".join(lines)
