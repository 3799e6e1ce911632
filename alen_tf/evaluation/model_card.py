"""The model card of a training run (Mitchell et al., FAT* 2019): what the model is, how it scores,
and what it is not for, as Markdown for users who do not know its history."""

import numpy as np

from alen_tf.errors import shortened
from alen_tf.evaluation.calibration import FEW

NAME = "model_card.md"
LIMITS = (
    "Inputs from elsewhere: the scores hold for examples drawn like those above. Measure again "
    "if inputs are collected, written or photographed differently, or at a later time.",
    "Decisions about people, or dangerous ones, that no person checks: nothing here was measured "
    "for separate groups of people.",
)
RELAXED = (
    "Probabilities: relaxed outputs say what refinement settled on, not how often that is right."
)


def of_run(results, signature, splits):
    """The card of a model that the training command made.

    Args:
      results: see `results.of`.
      signature: the model's `Signature`.
      splits: the `Splits` that it was trained and scored on.
    """
    kind = "a class per pixel" if signature.of_images else "a set of labels"
    shape = "x".join(map(str, signature.input_shape))
    limits = [*LIMITS, RELAXED, *_limits_of_data(splits, signature)]
    return text(
        f"{results['method']} on {results['dataset']}",
        f"Predicts {kind} from inputs of shape {shape}; trained by `{results['command']}` (alen_tf "
        f"{results['versions']['alen_tf']}, TensorFlow {results['versions']['tensorflow']}, seed "
        f"{results['seed']}, epoch {results['best_epoch']} of {results['epochs']}).",
        {
            "Data": _data(splits, signature),
            "Scores": _scores(results),
            "Calibration": _calibration(results),
            "Not for": bullets(limits),
        },
    )


def text(title, summary, parts):
    """A card with a title, a sentence, and parts, {heading: Markdown}."""
    sections = [f"## {heading}\n\n{content}" for heading, content in parts.items()]
    return "\n\n".join([f"# Model card: {title}", summary, *sections]) + "\n"


def bullets(lines):
    """Lines as a list in Markdown."""
    return "\n".join(f"- {line}" for line in lines)


def table(header, rows):
    """A table in Markdown; numbers have four decimals."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(value):
    return f"{value:.4f}" if isinstance(value, float) else str(value).replace("|", "\\|")


def _data(splits, signature):
    parts = {name: getattr(splits, name) for name in ("train", "validation", "test")}
    sizes = table(["split", "examples"], [[name, len(part)] for name, part in parts.items()])
    names = signature.label_names
    what = "classes" if signature.of_images else "labels"
    said = f"{splits.name}; {len(names)} {what}: {shortened(names)}."
    for name, value in splits.metadata.items():
        said += f" {name}: {value}."
    return f"{said}\n\n{sizes}"


def _scores(results):
    rows = []
    for split in ("validation", "test"):
        if found := results.get(split):
            tuned = found["tuned"]
            for key in ("inference_network", "refined"):
                name = key.replace("_", " ")
                threshold = tuned["threshold" if key == "refined" else f"{key}_threshold"]
                rows.append([split, name, found[key], tuned[key], f"{threshold:g}"])
    header = ["split", "output", "at 0.5", "at the tuned threshold", "that is"]
    steps = results["inference_steps"]
    return (
        f"{results['metric']}; the refined output is taken after {steps} inference steps, and "
        "thresholds are the best ones on validation. Predictions use the refined output at "
        f"its tuned threshold.\n\n{table(header, rows)}"
    )


def _calibration(results):
    rows, said = [], []
    for split in ("validation", "test"):
        judged = results.get(split, {}).get("confidence")
        if not judged:
            continue
        if not judged["bins"]:
            said.append(f"Fewer than {FEW} {split} examples: too few to judge confidence.")
            continue
        bins = judged["bins"]
        counts = np.array([part["examples"] for part in bins])
        expected, true = (np.array([part[key] for part in bins]) for key in ("confidence", "score"))
        mean, gap = (float(np.average(x, weights=counts)) for x in (expected, abs(expected - true)))
        rows.append([split, mean, judged["kept"]["100"], gap, judged["rank_correlation"]])
        name = judged["expected"]
    if rows:
        header = ["split", f"expected {name}", f"true {name}", "mean gap of bins"]
        said.append(table([*header, "rank correlation"], rows))
    return "\n\n".join(said) or "The method has no confidence."


def _limits_of_data(splits, signature):
    """Limits that follow from the sizes of the data."""
    if len(splits.test) < FEW:
        yield f"Comparisons: {len(splits.test)} test examples say little about the model's quality."
    count = splits.train.label_counts
    if absent := [name for name, n in zip(signature.label_names, count, strict=True) if not n]:
        yield f"Labels that no training example has: {shortened(absent)}."
    if not signature.of_images:
        few = [name for name, n in zip(signature.label_names, count, strict=True) if 0 < n < FEW]
        if few:
            yield f"Trust in rare labels: fewer than {FEW} training examples have {shortened(few)}."
