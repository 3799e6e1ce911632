"""The model card of a fitted `ALENClassifier`; see `alen_tf.evaluation.model_card`."""

import alen_tf
from alen_tf.errors import shortened
from alen_tf.evaluation import model_card
from alen_tf.evaluation.calibration import FEW


def of(estimator, features):
    """The card.

    Args:
      estimator: a fitted `ALENClassifier`.
      features: their number, or None if the classifiers take other inputs.
    """
    joint = not hasattr(estimator, "classifier_losses_")
    inputs = "rows" if features is None else f"rows of {features} features"
    how = (
        f"ALEN, trained jointly for {estimator.n_iter_} epochs"
        if joint
        else f"an energy, cross-fitted to {', '.join(_classifiers(estimator))}"
    )
    parts = {
        "Data": _data(estimator),
        "Scores": _joint_scores(estimator) if joint else _scores(estimator),
        "Calibration": _calibration(estimator, joint),
        "Not for": model_card.bullets(_limits(estimator, joint)),
    }
    summary = f"Predicts a set of labels from {inputs}: {how} (alen_tf {alen_tf.__version__})."
    return model_card.text(type(estimator).__name__, summary, parts)


def _classifiers(estimator):
    return [name for name in estimator.classifier_losses_ if name != "stack"]


def _data(estimator):
    names, rows = estimator.label_names_, estimator.n_samples_seen_
    counts = estimator.label_counts_
    return (
        f"{rows} rows; {len(names)} labels: {shortened(names)}. A row has "
        f"{counts.sum() / rows:.2f} labels on average; the rarest label is in {counts.min()} rows, "
        f"the most frequent in {counts.max()}."
    )


def _joint_scores(estimator):
    scores = estimator.held_out_scores_
    header = ["rows", "at 0.5", f"at the tuned threshold {estimator.threshold_:g}"]
    rows = [["held out", scores["plain"], scores["tuned"]]]
    return (
        "Example-averaged F1 on the rows that chose the epoch and the threshold, so it is "
        f"optimistic: expect less on new rows.\n\n{model_card.table(header, rows)}"
    )


def _scores(estimator):
    scores = estimator.decoding_scores_
    rows = [[name.replace("_", " "), score] for name, score in scores.items()]
    return (
        "Example-averaged F1 on held-out rows, for each decoding of marginals; the model uses "
        f'"{estimator.decoding_}" (threshold {estimator.threshold_:g}).\n\n'
        + model_card.table(["decoding", "F1"], rows)
    )


def _calibration(estimator, joint):
    if joint:
        return "Not measured: compare `confidence(X)` with F1 on rows that the fit has not seen."
    return (
        "Out-of-fold marginals differ from the labels' frequencies by "
        f"{estimator.calibration_error_:.4f} on average (expected calibration error, ten bins)."
    )


def _limits(estimator, joint):
    limits = [*model_card.LIMITS, *([model_card.RELAXED] if joint else [])]
    counted = list(zip(estimator.label_names_, estimator.label_counts_, strict=True))
    if absent := [name for name, count in counted if not count]:
        limits.append(f"Labels that no row has: {shortened(absent)}; they are never predicted.")
    if few := [name for name, count in counted if 0 < count < FEW]:
        limits.append(f"Trust in rare labels: fewer than {FEW} rows have {shortened(few)}.")
    return limits
