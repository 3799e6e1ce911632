"""A cross-fitted model from its workdir, by commands, beside the estimator."""

import json
import shutil

import numpy as np
import pytest

from alen_tf import ALENClassifier, evaluate
from alen_tf.cli import opened
from alen_tf.cross_fitting import trained
from alen_tf.errors import ConfigError, DataError, UserError, WorkdirError
from alen_tf.serving import tables
from tests import commands
from tests.commands import assert_one_clear_line
from tests.own_rows import LABELS, rows


@pytest.fixture(scope="module")
def model(workdir):
    return opened.load(workdir)


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def indicator(lines):
    return np.array([[name in line["labels"] for name in LABELS] for line in lines])


def marginals(lines):
    return np.array([[line["marginals"][name] for name in LABELS] for line in lines])


def predicted(workdir, files, target):
    paths = [f"--workdir={workdir}", f"--input={files}/rows.csv", f"--output={target}"]
    done = commands.run("predict", *paths)
    assert done.returncode == 0, done.stderr
    return lines_of(target)


def test_both_doors_lead_to_one_model(workdir, files, estimator, tmp_path):
    x, lines = rows(60, 1)[0], predicted(workdir, files, tmp_path / "out.jsonl")
    np.testing.assert_array_equal(indicator(lines), estimator.predict(x))
    np.testing.assert_allclose(marginals(lines), estimator.predict_proba(x), atol=1e-5)
    confidence = [line["confidence"] for line in lines]
    np.testing.assert_allclose(confidence, estimator.confidence(x), atol=1e-5)


@pytest.mark.slow
def test_both_doors_by_default(files, train, tmp_path, few_steps):
    train(tmp_path / "run")
    x, lines = rows(60, 1)[0], predicted(tmp_path / "run", files, tmp_path / "out.jsonl")
    default = ALENClassifier(random_state=0).fit(*rows(150, 0))
    np.testing.assert_array_equal(indicator(lines), default.predict(x))
    np.testing.assert_allclose(marginals(lines), default.predict_proba(x), atol=1e-5)


def test_known_labels_are_kept_and_matter(model, files, known, estimator, tmp_path):
    paths = files / "rows.csv", tmp_path / "out.jsonl", files / "known.csv"
    assert tables.predict_file(model, *paths) == 60
    x, lines = rows(60, 1)[0], lines_of(tmp_path / "out.jsonl")
    np.testing.assert_array_equal(indicator(lines), estimator.predict(x, known=known))
    found = marginals(lines)
    np.testing.assert_allclose(found, estimator.predict_proba(x, known=known), atol=1e-5)
    np.testing.assert_array_equal(found[1::2, 1], known[1::2, 1])


def test_rows_that_do_not_fit_are_named(model):
    with pytest.raises(DataError, match="rows of shape 5"):
        model(np.zeros((2, 5)))
    with pytest.raises(DataError, match="known labels of shape 2x2"):
        model(np.zeros((2, 4)), known=np.zeros((2, 2)))


def test_evaluation_agrees_with_training(workdir, files, tmp_path):
    output = tmp_path / "scores.json"
    done = commands.run("evaluate", f"--workdir={workdir}", f"--output={output}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in (files / "printed.txt").read_text()
    scores, results = (json.loads(p.read_text()) for p in (output, workdir / "results.json"))
    assert scores == {name: results[name] for name in scores}


def test_other_data_is_refused_unless_asked_for(workdir, files):
    other = [f"files.test = '{files}/train.csv'"]
    with pytest.raises(DataError, match=r"different data .*--other_data"):
        trained.restore(workdir, params=other)
    splits, _ = trained.restore(workdir, params=other, other_data=True)
    assert len(splits.test) == 150
    with pytest.raises(ConfigError, match="nothing in this run uses it"):
        trained.restore(workdir, params=["cross_fit.folds = 3"])


def test_what_such_a_model_cannot_do_gets_one_clear_line(workdir, files, tmp_path):
    done = commands.run("export", f"--workdir={workdir}", f"--output={tmp_path / 'saved'}")
    assert_one_clear_line(done, str(workdir), "alen_tf.predict", "multilabel_joint.gin")
    for refused in (opened.load, lambda path, steps: evaluate._cross_fitted(steps, path)):
        with pytest.raises(UserError, match=r"--steps=3: .*leave out --steps"):
            refused(workdir, 3)


def test_a_damaged_model_is_named(workdir, tmp_path, train_here):
    copy = shutil.copytree(workdir, tmp_path / "run")
    path = copy / "checkpoints" / "cross_fitted.joblib"
    path.write_bytes(path.read_bytes()[:5000])
    for use in (trained.load, train_here):
        with pytest.raises(WorkdirError, match=r"cross_fitted.joblib is damaged.*--restart"):
            use(copy)
    path.unlink()
    with pytest.raises(WorkdirError, match=r"cross_fitted.joblib is missing"):
        trained.load(copy)
    with pytest.raises(WorkdirError, match="is not a workdir"):
        opened.load(tmp_path)
