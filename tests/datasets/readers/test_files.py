import gzip
import pathlib

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import dump_svmlight_file

from alen_tf.datasets.readers.files import files
from alen_tf.datasets.splits import Examples
from alen_tf.datasets.stratified import hold_out
from alen_tf.errors import ConfigError, DataError


@pytest.fixture
def data(random):
    x = np.round(random.randn(40, 3), 3).astype(np.float32)
    y = (random.rand(40, 2) < 0.4).astype(np.uint8)
    return x, y


def write_npz(folder, x, y, name="own.npz"):
    path = folder / name
    np.savez(path, x=x, y=y)
    return str(path)


def write_csv(folder, x, y, name="own.csv"):
    path = folder / name
    rows = np.concatenate([y, x], axis=1)
    header = "sun,sea,f0,f1,f2"
    np.savetxt(path, rows, delimiter=",", header=header, comments="", fmt="%.6g")
    return str(path)


def write_libsvm(folder, x, y, name="own.svm"):
    path = folder / name
    dump_svmlight_file(x, sparse.csr_matrix(y), str(path), zero_based=False, multilabel=True)
    return str(path)


WRITERS = {write_npz: None, write_csv: ["sun", "sea"], write_libsvm: None}


@pytest.mark.parametrize("write", WRITERS)
def test_without_a_test_file_rows_are_held_out_twice(tmp_path, data, write):
    splits = files(train=write(tmp_path, *data), labels=WRITERS[write])
    rest, test = hold_out(Examples(*data), 0.2)
    train, validation = hold_out(rest, 0.2)
    for part, expected in ((splits.train, train), (splits.validation, validation)):
        np.testing.assert_allclose(part.x, expected.x, rtol=1e-6)
        np.testing.assert_array_equal(part.y, expected.y)
    np.testing.assert_allclose(splits.test.x, test.x, rtol=1e-6)
    assert splits.name == "own"
    named = write is write_csv
    assert splits.label_names == (("sun", "sea") if named else ("0", "1"))
    assert splits.feature_names == (("f0", "f1", "f2") if named else ())


def test_validation_may_have_no_row(tmp_path, data):
    splits = files(train=write_npz(tmp_path, *data), validation_fraction=0.0)
    np.testing.assert_array_equal(splits.train.y, hold_out(Examples(*data), 0.2)[0].y)
    assert splits.validation.y.shape == (0, 2)


@pytest.mark.parametrize("write", WRITERS)
def test_with_a_test_file_all_of_it_is_the_test_split(tmp_path, data, write):
    x, y = data
    paths = [write(tmp_path, *part) for part in ((x[:30], y[:30]), (x[30:], y[30:]))]
    paths = [
        write(tmp_path, x[:30], y[:30]),
        write(tmp_path, x[30:], y[30:], name=f"test{paths[0][-4:]}"),
    ]
    splits = files(train=paths[0], test=paths[1], labels=WRITERS[write], seed=3)
    np.testing.assert_allclose(splits.test.x, x[30:], rtol=1e-6)
    np.testing.assert_array_equal(splits.test.y, y[30:])
    train, validation = hold_out(Examples(x[:30], y[:30]), 0.2, seed=3)
    np.testing.assert_array_equal(splits.train.y, train.y)
    np.testing.assert_array_equal(splits.validation.y, validation.y)


def test_labels_of_npz_files_may_have_names(tmp_path, data):
    splits = files(train=write_npz(tmp_path, *data), labels=["sun", "sea"])
    assert splits.label_names == ("sun", "sea")


def wrong(error, part, **arguments):
    with pytest.raises(error) as caught:
        files(**arguments)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_large_numbers_of_labels_stay_apart(tmp_path):
    rows = [f"{number} 1:0.5\n" for number in (1234567, 1234568, 2.5)]
    (tmp_path / "own.svm").write_text("".join(rows * 5))
    assert files(str(tmp_path / "own.svm")).label_names == ("2.5", "1234567", "1234568")


def test_mistakes(tmp_path, data):
    x, y = data
    wrong(ConfigError, "files.train")
    wrong(ConfigError, "files.labels", train=write_csv(tmp_path, x, y))
    wrong(
        DataError,
        "has no label 'moon'",
        train=write_csv(tmp_path, x, y),
        labels=["moon"],
    )
    wrong(
        DataError,
        "5 labels among 5 columns, expected both",
        train=write_csv(tmp_path, x, y),
        labels=5,
    )
    twice = ["sun", "sun"]
    for write in (write_csv, write_npz):
        path = write(tmp_path, x, y)
        wrong(DataError, "named twice as a label", train=path, labels=twice)
        wrong(ConfigError, "expected names, each in quotes", train=path, labels=[1, 2])
        wrong(ConfigError, "files.labels is 2.5", train=path, labels=2.5)
        wrong(ConfigError, "files.labels is True", train=path, labels=True)
        wrong(ConfigError, "files.test is 3, expected the path", train=path, labels=2, test=3)
    wrong(ConfigError, "files.train is 3, expected the path", train=3)
    own = write_npz(tmp_path, x, y)
    for share in (0.0, 1.0, -0.1):
        message = f"test_fraction is {share}, expected a number between 0 and 1"
        wrong(ConfigError, message, train=own, test_fraction=share)
    message = "validation_fraction is -0.1, expected a number from 0 to 1"
    wrong(ConfigError, message, train=own, validation_fraction=-0.1)
    wrong(DataError, "leave none for the training", train=own, validation_fraction=1.0)
    wrong(DataError, "not one of .arff", train="rows.xls")
    wrong(
        DataError, "own.npz: row 3, feature 2: nan", train=write_npz(tmp_path, _with(x, np.nan), y)
    )
    wrong(DataError, "feature 2: inf", train=write_npz(tmp_path, _with(x, np.inf), y))
    wrong(DataError, "labels are 0 or 1", train=write_npz(tmp_path, x, y * 2))
    wrong(DataError, "40 rows in x, but 39 in y", train=write_npz(tmp_path, x, y[1:]))
    wrong(DataError, "no row has the label '1'", train=write_npz(tmp_path, x, y * [1, 0]))
    wrong(DataError, "own.npz: has no labels", train=write_npz(tmp_path, x, y[:, :0]))
    wrong(DataError, "0 examples leave none for the", train=write_npz(tmp_path, x[:0], y[:0]))
    wrong(DataError, "2 labels in y, but 3", train=write_npz(tmp_path, x, y), labels=list("abc"))
    wrong(DataError, "2 labels in y, but 1", train=write_npz(tmp_path, x, y), labels=1)
    wrong(ConfigError, "leave out files.labels", train=write_libsvm(tmp_path, x, y), labels=2)
    (tmp_path / "none.svm").write_text(" 1:0.5\n" * 9)
    wrong(DataError, "none.svm: has no labels", train=str(tmp_path / "none.svm"))
    wrong(DataError, "expected a row per example", train=write_npz(tmp_path, x, y[:, 0]))
    wrong(DataError, "(40, 0), expected [rows, columns]", train=write_npz(tmp_path, x[:, :0], y))
    wrong(DataError, "'y' has shape (40, 2, 1)", train=write_npz(tmp_path, x, y[..., None]))
    wrong(DataError, "examples leave none for the", train=write_npz(tmp_path, x[:2], y[:2]))
    wrong(
        DataError,
        "must be those of",
        train=write_npz(tmp_path, x, y),
        test=write_npz(tmp_path, x[:, 1:], y, "test.npz"),
    )
    np.savez(tmp_path / "z.npz", y=y)
    wrong(DataError, "no array 'x'; it has y", train=str(tmp_path / "z.npz"))


def _with(x, value):
    x = x.copy()
    x[2, 1] = value
    return x


def test_settings_of_tables(tmp_path, data):
    x, y = data
    path, unnamed = write_csv(tmp_path, x, y), write_npz(tmp_path, x, y)
    columns = ["sun", "sea"]
    wrong(ConfigError, "files.missing is 'mode', expected 'median'", train=path, missing="mode")
    wrong(ConfigError, "files.ignore is 3, expected names", train=path, ignore=3)
    wrong(ConfigError, "files.categories is [1], expected", train=path, categories=[1])
    wrong(ConfigError, "files.tag_separator is '', expected", train=path, tag_separator="")
    for setting in ({"missing": "zero"}, {"categories": "f0"}, {"ignore": ["f0"]}):
        (name,) = setting
        wrong(ConfigError, f"no named columns: leave out files.{name}", train=unnamed, **setting)
    wrong(ConfigError, "one has named columns", train=path, test=unnamed, labels=columns)
    splits = files(train=path, labels=columns, ignore="f1")
    assert splits.feature_names == ("f0", "f2")
    assert splits.preprocessing is None  # numbers under their names
    splits = files(train=path, labels=columns, missing="median")
    assert [f.missing for f in splits.preprocessing.features] == pytest.approx(
        np.median(splits.train.x, axis=0), abs=1e-6
    )


def test_the_name_of_a_packed_file(tmp_path, data):
    packed = gzip.compress(pathlib.Path(write_csv(tmp_path, *data)).read_bytes())
    (tmp_path / "own.csv.gz").write_bytes(packed)
    splits = files(train=str(tmp_path / "own.csv.gz"), labels=["sun", "sea"])
    assert splits.name == "own"


def test_damaged_files(tmp_path, data):
    for name, content in (
        ("a.npz", b""),
        ("b.npz", b"PK\x03\x04 cut off"),
        ("c.svm", b"1,2 1:0.5 x:y\n"),
        ("d.svm", b"1 0:0.5\n"),
    ):
        (tmp_path / name).write_bytes(content)
        wrong(DataError, name, train=str(tmp_path / name))
        wrong(DataError, f"no_{name}", train=str(tmp_path / f"no_{name}"))
    objects = tmp_path / "objects.npz"
    np.savez(objects, x=np.array([{}, {}]), y=np.eye(2))
    wrong(DataError, "objects.npz", train=str(objects))


def test_labels_may_be_missing_where_it_is_said_so(tmp_path, data):
    x, y = data
    path = pathlib.Path(write_csv(tmp_path, x, y))
    lines = path.read_text().splitlines()
    lines[3] = "?," + lines[3].split(",", 1)[1]
    lines[5] = lines[5].split(",", 1)[0] + ",," + lines[5].split(",", 2)[2]
    path.write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"own.csv:4: .* 'sun' is missing; .*missing_labels"):
        files(train=str(path), labels=["sun", "sea"])
    splits = files(
        train=str(path), labels=["sun", "sea"], missing_labels=True, validation_fraction=0.0
    )
    found = np.concatenate([splits.train.y, splits.test.y])
    assert np.isnan(found).sum() == 2
    assert np.nansum(found) == y.sum() - y[2, 0] - y[4, 1]
    with pytest.raises(ConfigError, match=r"own.npz has no named columns.*missing_labels"):
        files(train=write_npz(tmp_path, x, y), missing_labels=True)
