import re

import numpy as np
import pytest

from alen_tf.datasets.splits import Examples, Splits
from alen_tf.evaluation import calibration, model_card
from alen_tf.evaluation.signature import Signature

NAMES = ("sea", "sun|moon", "yeti", "unicorn")


@pytest.fixture
def splits():
    def examples(rows):
        y = np.zeros((rows, 4), np.uint8)
        y[:, 0], y[: rows // 2, 1], y[:5, 2] = 1, 1, 1
        return Examples(np.zeros((rows, 3)), y)

    return Splits("shore", examples(100), examples(40), examples(20), label_names=NAMES)


@pytest.fixture
def results():
    def scores(base, confidence, score):
        tuned = {"threshold": 0.35, "inference_network_threshold": 0.2}
        tuned |= {"inference_network": base + 0.02, "refined": base + 0.03}
        judged = {"expected": "F1"} | calibration.report(confidence, score)
        scores = {"inference_network": base, "refined": base + 0.01}
        return {**scores, "tuned": tuned, "confidence": judged}

    few = np.linspace(0, 1, 20)
    return {
        "dataset": "shore",
        "method": "alen",
        "seed": 3,
        "metric": "example_f1",
        "validation": scores(0.5, np.full(40, 0.75), np.repeat([0.25, 0.75], 20)),
        "test": scores(0.4, few, few),
        "inference_steps": 6,
        "epochs": 20,
        "best_epoch": 17,
        "command": "python -m alen_tf.train --gin_file=shore.gin",
        "versions": {"tensorflow": "2.21.0", "alen_tf": "0.2"},
    }


@pytest.fixture
def card(results, splits):
    return model_card.of_run(results, Signature.of(splits, 0.35), splits)


def rows(card, heading):
    """The cells of the table under a heading."""
    section = re.split(rf"^## {heading}$", card, flags=re.MULTILINE)[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_a_card_states_sizes_and_scores_at_both_thresholds(card):
    assert card.startswith("# Model card: alen on shore\n")
    assert "python -m alen_tf.train --gin_file=shore.gin" in card
    assert "epoch 17 of 20" in card
    assert rows(card, "Data") == [["train", "100"], ["validation", "40"], ["test", "20"]]
    assert rows(card, "Scores") == [
        ["validation", "inference network", "0.5000", "0.5200", "0.2"],
        ["validation", "refined", "0.5100", "0.5300", "0.35"],
        ["test", "inference network", "0.4000", "0.4200", "0.2"],
        ["test", "refined", "0.4100", "0.4300", "0.35"],
    ]


def test_a_card_compares_confidence_with_the_truth(card):
    assert rows(card, "Calibration") == [["validation", "0.7500", "0.5000", "0.2500", "0.0000"]]
    assert "Fewer than 30 test examples" in card


def test_a_card_says_what_the_model_is_not_for(card):
    limits = card.split("## Not for")[1]
    assert "no training example has: 'unicorn'." in limits
    assert "training examples have 'yeti'." in limits
    assert "20 test examples" in limits
    assert "sea" not in limits


def test_methods_without_confidence(results, splits):
    for split in ("validation", "test"):
        del results[split]["confidence"]
    card = model_card.of_run(results, Signature.of(splits, 0.35), splits)
    assert "## Calibration\n\nThe method has no confidence.\n" in card
