"""Labels that are asked for, one at a time."""

import numpy as np
import pytest

from experiments import questions


class Oracle:
    """Predicts no label but known ones; is sure of all labels but the last, and wants the first."""

    def predict(self, x, known=None):
        return np.zeros((len(x), 4)) if known is None else np.nan_to_num(known)

    def predict_proba(self, x, known):
        return np.tile([0.1, 0.8, 0.9, 0.6], (len(x), 1))

    def suggest(self, x, known):
        return np.where(np.isnan(known), [0.4, 0.3, 0.2, np.nan], np.nan)


@pytest.mark.parametrize(
    ("method", "order"),
    [("expected gain", [0, 1, 2, 3]), ("entropy", [3, 1, 0, 2])],
)
def test_answers_are_known_in_the_order_of_the_questions(monkeypatch, method, order):
    monkeypatch.setattr(questions, "QUESTIONS", 4)
    y = np.array([[1, 1, 0, 1], [0, 1, 1, 0]])
    found = questions.asked(Oracle(), np.zeros((2, 1)), y, method, 0)
    for count, f1 in enumerate(found):
        had = np.isin(np.arange(4), order[:count]) & (y == 1)
        expected = np.mean(2 * had.sum(axis=1) / (had.sum(axis=1) + y.sum(axis=1)))
        assert f1 == pytest.approx(expected)


def test_random_questions_ask_for_every_label_once(monkeypatch):
    monkeypatch.setattr(questions, "QUESTIONS", 4)
    y = np.ones((5, 4))
    found = questions.asked(Oracle(), np.zeros((5, 1)), y, "at random", 0)
    np.testing.assert_allclose(found, [2 * k / (k + 4) for k in range(5)])
