"""Model cards of estimators, in what `save` and `export` write."""

import zipfile

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from alen_tf import ALENClassifier
from alen_tf.cross_fitting import refined
from alen_tf.datasets.splits import Examples
from alen_tf.datasets.stratified import hold_out
from alen_tf.evaluation.model_card import LIMITS
from alen_tf.objectives.metrics import example_f1

NAMES = ("moon", "sea", "sun")


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(0)
    x = random.normal(size=(90, 4))
    y = (x[:, :3] > [1.5, 0.0, -0.5]).astype(int)
    assert y[:, 0].sum() < 30
    return x, [{name for name, label in zip(NAMES, row, strict=True) if label} for row in y], y


def test_a_card_of_joint_training(data, tmp_path):
    x, sets, y = data
    model = ALENClassifier(estimator=None, epochs=2, hidden_units=4, random_state=0).fit(x, sets)
    model.export(tmp_path / "served")
    model.save(tmp_path / "model.zip")
    card = (tmp_path / "served" / "model_card.md").read_text()
    with zipfile.ZipFile(tmp_path / "model.zip") as file:
        assert file.read("model_card.md").decode() == card
    assert ALENClassifier.load(tmp_path / "model.zip").model_card() == card

    counts = y.sum(axis=0)
    assert f"90 rows; 3 labels: 'moon', 'sea', 'sun'. A row has {counts.sum() / 90:.2f}" in card
    assert (
        f"the rarest label is in {counts.min()} rows, the most frequent in {counts.max()}" in card
    )
    held_out = hold_out(Examples(x, y), 0.2, seed=0)[1]
    relaxed = model.refine(held_out.x)
    plain, tuned = (example_f1(relaxed >= t, held_out.y) for t in (0.5, model.threshold_))
    assert f"| held out | {plain:.4f} | {tuned:.4f} |" in card
    assert "fewer than 30 rows have 'moon'." in card
    assert all(line in card for line in LIMITS)


def test_a_card_of_cross_fitting(data, tmp_path, monkeypatch):
    monkeypatch.setattr(refined, "STEPS", (20, 40))
    x, sets, y = data
    classifier = OneVsRestClassifier(LogisticRegression())
    model = ALENClassifier(estimator=classifier, random_state=0).fit(x, sets)
    model.save(tmp_path / "model")
    card = (tmp_path / "model" / "model_card.md").read_text()
    assert "cross-fitted to OneVsRestClassifier" in card
    for name, score in model.decoding_scores_.items():
        assert f"| {name.replace('_', ' ')} | {score:.4f} |" in card
    pairs = sorted(zip(model.marginals_.ravel(), y.ravel(), strict=True))
    bins = np.array_split(np.array(pairs), 10)
    error = sum(abs((part[:, 0] - part[:, 1]).sum()) for part in bins) / y.size
    assert f"by {error:.4f} on average" in card
