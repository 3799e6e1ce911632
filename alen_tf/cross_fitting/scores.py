"""Scores of a cross-fitted model on a split, with its out-of-fold scores."""

import numpy as np
from sklearn.metrics import average_precision_score

from alen_tf.cross_fitting.refined import DECODINGS
from alen_tf.evaluation import calibration
from alen_tf.objectives.metrics import f1_of_examples


def of(model, examples):
    """The scores of a model for `results.json`.

    Args:
      model: a `CrossFitted`.
      examples: the `Examples` of the test split.

    Returns:
      {"metric": "example_f1", "decoding": the one in use, "out_of_fold": {"losses": cross entropy
      of every classifier and of the stack, "decodings": F1 of each}, "test": {"example_f1": of the
      decoding in use, "decodings": F1 of each, "average_precision": of the marginals, "micro" and
      "macro", the latter over labels that occur, "confidence": its mean, and see
      `calibration.report`}}.
    """
    refined, found = model.refined, model.logits(examples.x.astype(np.float32))
    sets = {name: refined.sets(found, name) for name in DECODINGS}
    values = {name: f1_of_examples(each, examples.y) for name, each in sets.items()}
    of_product = values[refined.decoding]
    confidence = refined.confidence(found, sets[refined.decoding])
    means = {name: float(value.mean()) for name, value in values.items()}
    return {
        "metric": "example_f1",
        "decoding": refined.decoding,
        "out_of_fold": {"losses": model.losses, "decodings": refined.scores},
        "test": {
            "example_f1": means[refined.decoding],
            "decodings": means,
            "average_precision": _average_precision(examples.y, refined.marginals(found)),
            "confidence": {
                "expected": "F1",
                "mean": float(confidence.mean()),
                **calibration.report(confidence, of_product),
            },
        },
    }


def _average_precision(y, marginals):
    """Micro and macro average precision over known labels; None for both if no row has a label."""
    has, known = np.any(y == 1, axis=0), ~np.isnan(y)
    if not has.any():
        return {"micro": None, "macro": None}
    of_labels = [
        average_precision_score(y[rows, label], marginals[rows, label])
        for label, rows in enumerate(known.T)
        if has[label]
    ]
    known &= has
    micro = average_precision_score(y[known], marginals[known])
    return {"micro": float(micro), "macro": float(np.mean(of_labels))}


def table(results):
    """The results of `of` as text."""
    test, out_of_fold = results["test"], results["out_of_fold"]
    lines = [f"{results['metric']:<36}{'out of fold':>12}{'test':>12}"]
    for name, score in test["decodings"].items():
        label = f"decoding {name}" + ", in use" * (name == results["decoding"])
        lines.append(f"{label:<36}{out_of_fold['decodings'][name]:12.4f}{score:12.4f}")
    lines.append(f"{'expected, on average':<36}{'':12}{test['confidence']['mean']:12.4f}")
    if test["average_precision"]["micro"] is not None:
        for kind, value in test["average_precision"].items():
            lines.append(f"{f'average precision, {kind}':<36}{'':12}{value:12.4f}")
    for name, loss in out_of_fold["losses"].items():
        lines.append(f"{f'cross entropy of {name}':<36}{loss:12.4f}")
    return "\n".join([*lines, calibration.table(results)])
