"""Scores of a model on a split, after every inference step and at a tuned threshold."""


def predict_splits(model, splits, test=True, validation=None, steps=None):
    """The paths of the validation and, with `test`, of the test split: {name: path}.

    Args:
      model: a built `StructuredModel`.
      splits: the `Splits`.
      test: whether to predict the test split too.
      validation: the path of the validation split, if it is known already.
      steps: number of refinement steps; the configured number by default.
    """
    if validation is None:
        validation = model.refine(splits.validation.x, steps)
    paths = {"validation": validation}
    return paths | ({"test": model.refine(splits.test.x, steps)} if test else {})


def steps_of(model, path, steps=None):
    """The number of refinement steps of a path; a long path keeps only its ends.

    Args:
      model: the `StructuredModel`.
      path: outputs, [steps + 1, examples, ...], or only the ends.
      steps: the requested number; the configured number by default.
    """
    kept = len(path) - 1
    if kept != 1:
        return kept
    return model.prediction.steps if steps is None else steps


def by_step(task, path, y_true):
    """The task's metric after every inference step, at the plain threshold."""
    return [task.scores(y, y_true)[task.metric] for y in path]


def evaluate_splits(task, splits, paths):
    """The content of `results.json` about splits: the task's metric after every step, and all
    scores of the refined output and of the inference network.

    Args:
      task: the `Task`.
      splits: the `Splits`.
      paths: of "validation" and optionally "test"; see `predict_splits`.

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
    """The results as a small text table: one row per inference step, one column per split."""
    splits = [split for split in ("validation", "test") if split in results]
    numbers = range(len(results["validation"]["by_step"]))
    if (taken := results.get("inference_steps", numbers[-1])) > numbers[-1]:
        numbers = (0, taken)  # a long path keeps only its ends
    rows = []
    for index, step in enumerate(numbers):
        name = "inference network" if step == 0 else f"after {step} step{'s' * (step > 1)}"
        rows.append((name, [results[split]["by_step"][index] for split in splits]))
    for key, name in (("inference_network", "inference network"), ("refined", "refined")):
        rows.append(
            (f"{name}, tuned threshold", [results[split]["tuned"][key] for split in splits])
        )
    lines = [f"{results['metric']:<36}" + "".join(f"{split:>12}" for split in splits)]
    lines += [
        f"{name:<36}" + "".join(f"{value:12.4f}" for value in values) for name, values in rows
    ]
    return "\n".join(lines)
