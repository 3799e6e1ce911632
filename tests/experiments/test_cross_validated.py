"""Parameters and threshold from predictions for rows that were not learned from."""

import json
import statistics

import numpy as np
import pytest
from absl import flags

from alen_tf.datasets.splits import Examples
from experiments import cross_validated, runs

TRAIN = Examples(np.arange(40, dtype=np.float32)[:, None], np.arange(40)[:, None] % 2)


def memory(method, parameters, train, seed):
    """A classifier that knows the rows that it has seen, and says `unseen` of the others."""
    del method, seed
    known = dict(zip(train.x[:, 0], train.y[:, 0], strict=True))
    return lambda x: np.array([[known.get(row[0], parameters["unseen"])] for row in x])


def test_no_row_is_judged_by_a_model_that_has_seen_it(monkeypatch):
    monkeypatch.setattr(cross_validated, "fit", memory)
    monkeypatch.setitem(cross_validated.GRIDS, "memory", {"unseen": [0.0]})
    score, _, _ = cross_validated.choose("memory", TRAIN)
    assert score == pytest.approx(0.5)  # the half of the rows without a label


def test_the_best_parameters_are_chosen_with_their_threshold(monkeypatch):
    def parity(method, parameters, train, seed):
        del method, train, seed
        return lambda x: parameters["scale"] * (x % 2) + 0.3 * (1 - x % 2)

    monkeypatch.setattr(cross_validated, "fit", parity)
    monkeypatch.setitem(cross_validated.GRIDS, "parity", {"scale": [0.3, 0.7, 0.1]})
    score, threshold, parameters = cross_validated.choose("parity", TRAIN)
    assert (score, parameters) == (1.0, {"scale": 0.7})
    assert 0.3 < threshold <= 0.7


def test_differences_are_paired_by_row(monkeypatch, tmp_path):
    rows = {"ALEN": [[1.0, 0.5, 0.0], [1.0, 0.5, 0.6]], "MLPClassifier": [[0.9, 0.1, 0.0]] * 2}
    for method, found in rows.items():
        result = {
            "command": f"python -m experiments.cross_validated --methods={method}",
            "parameters": {"a": 1},
            "threshold": 0.4,
            "cross_validated_f1": 0.5,
            "test_f1_of_rows": found,
        }
        with (tmp_path / "cross_validated.jsonl").open("a") as file:
            file.write(json.dumps(result) + "\n")
    monkeypatch.setattr(runs, "RESULTS", tmp_path)
    if not flags.FLAGS.is_parsed():
        flags.FLAGS(["test"])
    monkeypatch.setattr(flags.FLAGS["methods"], "value", list(rows))
    ours, theirs = (
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in cross_validated.table().splitlines()[2:]
    )
    means = np.mean([rows["ALEN"][0], rows["ALEN"][1]], axis=0)
    differences = 100 * (means - rows["MLPClassifier"][0])
    error = statistics.stdev(differences) / 3**0.5
    assert ours[-1] == "0.00 ± 0.00"
    assert theirs[-1] == f"{differences.mean():.2f} ± {error:.2f}"
    assert ours[:3] == ["ALEN", "a 1; at 0.4", "50.00"]
