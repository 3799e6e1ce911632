"""A large libsvm file on the command line: its rows stay sparse from the file to predictions."""

import gin
import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import dump_svmlight_file

from alen_tf.cross_fitting import run
from alen_tf.datasets.readers import unnamed
from alen_tf.datasets.readers.files import files
from alen_tf.errors import DataError
from alen_tf.serving import tables, trained
from alen_tf.training import config, provenance, trainer

ROWS, FEATURES = 120, 60


@pytest.fixture
def path(tmp_path, random, monkeypatch):
    monkeypatch.setattr(unnamed, "LARGE", 0)
    x = np.float64(random.rand(ROWS, FEATURES) < 0.06)
    x[:, -1] = 1
    y = np.int64(x[:, :3] + x[:, 3:6] > 0)
    path = tmp_path / "rows.svm"
    dump_svmlight_file(x, y, str(path), multilabel=True, zero_based=False)
    return path


def test_splits_hold_the_rows_of_dense_ones(path, monkeypatch):
    found = files(train=str(path))
    monkeypatch.setattr(unnamed, "LARGE", 2**26)
    dense = files(train=str(path))
    for name in ("train", "validation", "test"):
        part, expected = getattr(found, name), getattr(dense, name)
        assert sparse.issparse(part.x)
        np.testing.assert_array_equal(part.x.toarray(), expected.x)
        np.testing.assert_array_equal(part.y, expected.y)
    before = provenance.data(found)
    found.train.x.data[3] = 7
    assert provenance.changed(before, provenance.data(found)).startswith("train.x was sparse")


def test_joint_training_and_prediction(path, tmp_path):
    bindings = [f"files.train = '{path}'", "train.epochs = 2"]
    config.parse(["gin/own/multilabel_joint.gin"], bindings)
    results = trainer.train(str(tmp_path / "run"))
    assert np.isfinite(results["test"]["refined"])
    model = trained.load(str(tmp_path / "run"))
    assert tables.predict_file(model, str(path), str(tmp_path / "found.csv")) == ROWS
    assert len((tmp_path / "found.csv").read_text().splitlines()) == ROWS + 1


def test_cross_fitting_gets_sparse_rows(path):
    config.parse(["gin/own/multilabel.gin"], [f"files.train = '{path}'"])
    x, y = run.learned(gin.get_bindings("cross_fit")["task"].load())
    assert sparse.issparse(x)
    assert x.shape == (len(y), FEATURES)


def test_too_many_features_are_an_error(tmp_path):
    path = tmp_path / "rows.svm"
    path.write_text("1 1:1 2000000000:1\n")
    with pytest.raises(DataError, match="2,000,000,000 features are more than"):
        unnamed.read_libsvm(path)
