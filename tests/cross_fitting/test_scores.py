from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score

from alen_tf.cross_fitting import scores
from alen_tf.cross_fitting.refined import DECODINGS
from alen_tf.datasets.splits import Examples

ROWS, LABELS = 50, 4


@pytest.fixture
def marginals(random):
    return random.rand(ROWS, LABELS)


@pytest.fixture
def model(marginals):
    """One whose decodings differ in their thresholds."""
    limits = dict(zip(DECODINGS, (0.3, 0.5, 0.7), strict=True))
    refined = SimpleNamespace(
        decoding="expected_f1",
        scores=dict.fromkeys(DECODINGS, 0.25),
        sets=lambda found, name: found >= limits[name],
        marginals=lambda found: found,
        confidence=lambda found, sets: np.linspace(0.2, 0.4, len(found)),
    )
    losses = {"linear": 1.5, "stack": 1.25}
    return SimpleNamespace(refined=refined, losses=losses, logits=lambda x: marginals)


def scored(model, y):
    return scores.of(model, Examples(np.zeros((ROWS, 3), np.uint8), y))


def test_scores_are_scikit_learn_s(model, marginals, random):
    y = np.uint8(random.rand(ROWS, LABELS) < 0.4)
    y[:, 2] = 0
    test = scored(model, y)["test"]
    for name, limit in zip(DECODINGS, (0.3, 0.5, 0.7), strict=True):
        expected = f1_score(y, marginals >= limit, average="samples", zero_division=1.0)
        assert test["decodings"][name] == pytest.approx(expected)
    assert test["example_f1"] == test["decodings"]["expected_f1"]
    has = [0, 1, 3]  # of a label that no row has, precision is not defined
    for kind, found in test["average_precision"].items():
        expected = average_precision_score(y[:, has], marginals[:, has], average=kind)
        assert found == pytest.approx(expected)
    assert test["confidence"]["mean"] == pytest.approx(0.3)
    assert sum(part["examples"] for part in test["confidence"]["bins"]) == ROWS


def test_the_table_names_the_decoding_in_use_and_all_losses(model, random):
    results = scored(model, np.uint8(random.rand(ROWS, LABELS) < 0.4))
    lines = scores.table(results).splitlines()
    (used,) = (line for line in lines if "in use" in line)
    score = results["test"]["example_f1"]
    assert used.split() == ["decoding", "expected_f1,", "in", "use", "0.2500", f"{score:.4f}"]
    assert f"{'cross entropy of stack':<36}{1.25:12.4f}" in lines


def test_rows_without_any_label_have_no_precision(model):
    results = scored(model, np.zeros((ROWS, LABELS), np.uint8))
    assert results["test"]["average_precision"] == {"micro": None, "macro": None}
    assert "precision" not in scores.table(results)


def test_missing_labels_count_nowhere(model, marginals, random):
    y = np.float32(random.rand(ROWS, LABELS) < 0.4)
    gaps = random.rand(ROWS, LABELS) < 0.3
    y[gaps] = np.nan
    test = scored(model, y)["test"]
    found, truth = (marginals >= 0.3) & ~gaps, np.where(gaps, 0, y)
    expected = f1_score(truth, found, average="samples", zero_division=1.0)
    assert test["decodings"]["refined"] == pytest.approx(expected)
    micro = average_precision_score(y[~gaps], marginals[~gaps])
    assert test["average_precision"]["micro"] == pytest.approx(micro)
    of_labels = [
        average_precision_score(label[~gap], p[~gap])
        for label, gap, p in zip(y.T, gaps.T, marginals.T, strict=True)
    ]
    assert test["average_precision"]["macro"] == pytest.approx(np.mean(of_labels))
