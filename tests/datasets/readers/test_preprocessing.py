import json

import numpy as np
import pandas as pd
import pytest

from alen_tf.datasets.readers.preprocessing import Feature, Preprocessing
from alen_tf.datasets.readers.tables import read_table
from alen_tf.errors import DataError

# Rows 4 and 5 do not train.
TRAIN = """age,smokes,colour,zip
30,yes,red,101
,no,blue,202
50,?,red,101
40,no,,303
10000,yes,green,404
,no,red,101
"""
ROWS = np.arange(4)


@pytest.fixture
def write(tmp_path):
    def write(content, name="train.csv"):
        (tmp_path / name).write_text(content)
        return read_table(tmp_path / name)

    return write


def fit(table, **choices):
    return Preprocessing.fit(table, range(len(table.names)), ROWS, **choices)


@pytest.mark.parametrize("missing", ["median", "mean", "zero"])
def test_it_is_what_pandas_makes_of_the_table(write, capsys, missing):
    """The same rows by `get_dummies` and `fillna`, fitted on the training rows alone."""
    table = write(TRAIN)
    preprocessing = fit(table, missing=missing, categories=["zip"])
    frame = pd.read_csv(table.source)
    numbers = frame[["age"]].assign(smokes=frame["smokes"].map({"yes": 1.0, "no": 0.0}))
    trained = numbers.iloc[ROWS]
    numbers = numbers.fillna(0 if missing == "zero" else getattr(trained, missing)())
    one_hot = pd.get_dummies(frame[["colour", "zip"]].astype("string"), prefix_sep="=")
    one_hot = one_hot.drop(columns=["colour=green", "zip=404"])  # of no training row
    expected = pd.concat([numbers, one_hot], axis=1)
    assert preprocessing.names == tuple(expected.columns)
    x = preprocessing(table)
    assert x.dtype == np.float32
    np.testing.assert_allclose(x, expected.to_numpy(np.float32), rtol=1e-6)
    said = capsys.readouterr().err
    assert said == (
        f"warning: {table.source}:6: 'zip' is '404', a category that no training row "
        "has; it is encoded as zeros\n"
    )


def test_it_is_applied_by_name_to_other_files(write):
    preprocessing = fit(write(TRAIN), missing="median")
    new = write(
        '{"colour": "blue", "zip": 1}\n{"smokes": true, "age": 20, "zip": 2}\n', "new.jsonl"
    )
    assert preprocessing.names == ("age", "smokes", "colour=blue", "colour=red", "zip")
    np.testing.assert_array_equal(preprocessing(new), [[40, 0, 1, 0, 1], [20, 1, 0, 0, 2]])
    wrong = write("age,smokes,colour,zip\n1,maybe,red,1\n", "wrong.csv")
    with pytest.raises(DataError, match=r"wrong\.csv:2: 'smokes' is 'maybe', expected a number$"):
        preprocessing(wrong)
    with pytest.raises(DataError, match=r"short\.csv: has no .* 'age' and 2 more"):
        preprocessing(write("zip\n1\n", "short.csv"))


def test_unseen_categories_are_said_once(write, capsys):
    preprocessing = fit(write(TRAIN), missing="zero")
    new = write("age,smokes,colour,zip\n1,yes,red,1\n1,no,mauve,1\n1,no,pink,1\n", "new.csv")
    np.testing.assert_array_equal(preprocessing(new)[:, 2:4], [[0, 1], [0, 0], [0, 0]])
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        f"warning: {new.source}:3: 'colour' is 'mauve', a category that no training"
    )
    assert line.endswith("it is encoded as zeros; 2 rows have such cells")


def test_json(write):
    preprocessing = fit(write(TRAIN), missing="median")
    content = preprocessing.to_json()
    assert content == [
        {"name": "age", "missing": 40.0},
        {"name": "smokes", "missing": 0.0},
        {"name": "colour", "categories": ["blue", "red"], "missing": 0.0},
        {"name": "zip", "missing": 151.5},
    ]
    assert Preprocessing.from_json(json.loads(json.dumps(content))) == preprocessing
    assert preprocessing.needed
    assert not Preprocessing((Feature("age"),)).needed
    for damaged in (
        [{"name": 1, "missing": None}],
        [{"name": "a", "categories": [1]}],
        [{"name": "a", "missing": "0"}],
        [{"name": "a", "missing": float("nan")}],
        [{"categories": []}],
        [{"name": "a", "other": 1}],
        ["a"],
        7,
    ):
        with pytest.raises((TypeError, ValueError)):
            Preprocessing.from_json(damaged)


@pytest.mark.parametrize(
    ("content", "choices", "message"),
    [
        (TRAIN, {}, ":3: 'age' is missing; fill it in, or choose"),
        (TRAIN.replace("\n,", "\n7,"), {}, ":4: 'smokes' is missing"),
        ("a\nx\n\n?\n", {}, ":4: 'a' is missing"),
        (TRAIN, {"categories": ["hue"]}, "has no column of files.categories 'hue'"),
        (TRAIN.replace("50", "x"), {"missing": "mean"}, ":4: 'age' is 'x', expected a number; if"),
        ("a\n1\nfew\n3\n4\n", {}, ":3: 'a' is 'few', expected a number; if it is a category"),
        ("a,b\n?,1\n?,1\n?,1\n?,1\n5,1\n", {"missing": "mean"}, "'a' has no value in any training"),
        ("a,b\n?,1\n?,1\n?,1\n?,1\nx,1\n", {"missing": "mean"}, "'a' has no value in any training"),
        (
            "a\n2024-01-31\n2024-02-01\n",
            {},
            ":2: 'a' is '2024-01-31', a date or time; convert it",
        ),
    ],
)
def test_mistakes_are_named_with_column_and_line(write, content, choices, message):
    table = write(content)
    with pytest.raises(DataError) as caught:
        Preprocessing.fit(table, range(len(table.names)), ROWS[: len(table)], **choices)(table)
    assert str(caught.value).startswith(table.source)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_imputed_values_are_told_in_few_digits(write):
    preprocessing = Preprocessing.fit(write("a\n0.1\n?\n0.3\n"), [0], [0], missing="median")
    assert preprocessing.to_json() == [{"name": "a", "missing": 0.1}]


def test_lists_are_no_features(write):
    table = write('{"a": 1, "tags": null}\n{"a": 1, "tags": ["x"]}\n', "own.jsonl")
    with pytest.raises(DataError, match=r"own\.jsonl:2: 'tags' is a list, not a feature"):
        Preprocessing.fit(table, [1], [0])


def test_text_that_names_rows_is_no_category(write):
    names = [f"user {k}" for k in range(41)]
    table = write("\n".join(["id", *names]))
    with pytest.raises(
        DataError, match=r"'id' has 41 values in 41 training rows, such as 'user 0'"
    ):
        Preprocessing.fit(table, [0], range(41))
    assert Preprocessing.fit(table, [0], range(41), categories=["id"]).names == tuple(
        sorted(f"id={name}" for name in names)
    )
    assert len(Preprocessing.fit(table, [0], range(20)).names) == 20  # as few as categories are
    declared = ",".join(f"'{name}'" for name in names)
    rows = "\n".join(f"'{name}'" for name in names)
    table = write(f"@relation r\n@attribute id {{{declared}}}\n@data\n{rows}\n", "declared.arff")
    assert len(Preprocessing.fit(table, [0], range(41)).names) == 41
