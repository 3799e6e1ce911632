"""The model card of a fitted `ALENSegmenter`; see `alen_tf.evaluation.model_card`."""

import alen_tf
from alen_tf.errors import shortened
from alen_tf.evaluation import model_card


def of(estimator):
    """The card of a fitted estimator."""
    scores, held_out = estimator.held_out_scores_, estimator.validation_fraction
    header = ["photographs", "at 0.5", f"at the tuned threshold {estimator.threshold_:g}"]
    return model_card.text(
        type(estimator).__name__,
        f"Predicts a class per pixel from photographs: ALEN with U-Nets, trained jointly for "
        f"{estimator.epochs} epochs (alen_tf {alen_tf.__version__}).",
        {
            "Data": f"{estimator.n_samples_seen_} photographs; classes: "
            f"{shortened(estimator.classes_.tolist())}.",
            "Scores": f"Mean IoU on the {held_out:.0%} that chose the epoch and the threshold, so "
            "it is optimistic: expect less on new photographs.\n\n"
            + model_card.table(header, [["held out", scores["plain"], scores["tuned"]]]),
            "Calibration": "Not measured: compare `confidence(X)` with the share of right pixels "
            "in photographs that the fit has not seen.",
            "Not for": model_card.bullets([*model_card.LIMITS, model_card.RELAXED]),
        },
    )
