"""A table of categories, words, missing cells and tags from file to file, as commands, beside what
pandas makes of it."""

import csv
import gzip
import json

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from alen_tf.datasets.splits import Examples
from alen_tf.datasets.stratified import hold_out
from alen_tf.errors import DataError
from alen_tf.serving import trained
from tests.commands import assert_one_clear_line, run

GIN = "gin/own/multilabel_joint.gin"
COLOURS = ("red", "blue", "green")
SETTINGS = {
    "train.epochs": 3,
    "files.labels": "tags",
    "files.missing": "median",
    "files.categories": ["zip"],
    "files.ignore": "day",
}


def songs(count, seed):
    """Rows whose tags follow from their cells; every fifth size and seventh colour is missing."""
    rng = np.random.default_rng(seed)
    rows = []
    for k in range(count):
        colour, loud, size = rng.choice(COLOURS), bool(rng.random() < 0.5), round(rng.normal(), 3)
        tags = [name for name, has in (("rock", loud), ("pop", colour == "red")) if has]
        rows.append(
            {
                "colour": None if k % 7 == 6 else str(colour),
                "day": f"2024-01-{k % 28 + 1:02d}",
                "loud": loud,
                "size": None if k % 5 == 4 else size,
                "zip": int(rng.integers(100, 103)),
                "tags": tags + (["folk"] if size > 0 else []),
            }
        )
    return rows


def write_csv(path, rows):
    """As a spreadsheet with decimal commas writes it, with "yes" and "no"."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(rows[0])
        for row in rows:
            size = "" if row["size"] is None else str(row["size"]).replace(".", ",")
            cells = {"loud": "yes" if row["loud"] else "no", "size": size}
            tags = {"tags": "|".join(row["tags"])} if "tags" in row else {}
            writer.writerow((row | cells | tags).values())


def encoded(rows, median):
    """The inputs of rows in the order of the columns, by pandas."""
    frame = pd.DataFrame(rows)
    one_hot = pd.get_dummies(frame["colour"]).reindex(columns=sorted(COLOURS), fill_value=0)
    parts = [one_hot, frame["loud"], frame["size"].astype(float).fillna(median)]
    parts += [frame["zip"] == code for code in (100, 101, 102)]
    return pd.concat(parts, axis=1).to_numpy(np.float32)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A folder with train.csv, test.jsonl.gz and a trained workdir."""
    folder = tmp_path_factory.mktemp("own")
    write_csv(folder / "train.csv", songs(150, 0))
    lines = "".join(json.dumps(row) + "\n" for row in songs(60, 1))
    (folder / "test.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    done = run("train", *options(folder))
    assert done.returncode == 0, done.stderr
    return folder


def options(folder, **changed):
    paths = {"files.train": f"{folder}/train.csv", "files.test": f"{folder}/test.jsonl.gz"}
    params = [f"--gin_param={k} = {v!r}" for k, v in (SETTINGS | paths | changed).items()]
    return [f"--gin_file={GIN}", f"--workdir={folder / 'run'}", *params]


@pytest.fixture(scope="module")
def described(own):
    return json.loads((own / "run" / "model.json").read_text())


def test_the_workdir_says_how_columns_become_inputs(own, described):
    assert described["label_names"] == ["folk", "pop", "rock"]
    *others, size, zip_code = described["preprocessing"]
    assert others == [
        {"name": "colour", "categories": ["blue", "green", "red"], "missing": 0.0},
        {"name": "loud", "missing": others[1]["missing"]},
    ]
    assert zip_code == {"name": "zip", "categories": ["100", "101", "102"], "missing": 0.0}
    # Of the training rows alone: those that neither the validation split has nor the test file.
    rows = songs(150, 0)
    y = [[name in row["tags"] for name in ("folk", "pop", "rock")] for row in rows]
    train, _ = hold_out(Examples(np.arange(150), np.uint8(y)), 0.2)
    sizes = [rows[row]["size"] for row in train.x]
    assert size == {"name": "size", "missing": pytest.approx(np.nanmedian(np.array(sizes, float)))}
    entries = [f"colour={colour}" for colour in sorted(COLOURS)]
    entries += ["loud", "size", "zip=100", "zip=101", "zip=102"]
    assert described["feature_names"] == entries


@pytest.mark.slow
def test_new_rows_are_preprocessed_alike(own, described):
    """`predict`, and the SavedModel on inputs that pandas made as its documentation says."""
    rows = songs(40, 2)
    for row in rows:
        del row["tags"], row["day"]
    rows[3]["colour"] = rows[8]["colour"] = "mauve"
    write_csv(own / "new.csv", [dict(reversed(row.items())) for row in rows])
    paths = [f"--workdir={own / 'run'}", f"--input={own}/new.csv", f"--output={own}/new.jsonl"]
    done = run("predict", *paths)
    assert done.returncode == 0, done.stderr
    warnings = [line for line in done.stderr.splitlines() if "warning" in line]
    assert len(warnings) == 1
    assert "new.csv:5: 'colour' is 'mauve'" in warnings[0]
    assert "2 rows have such cells" in warnings[0]
    lines = [json.loads(line) for line in (own / "new.jsonl").read_text().splitlines()]

    done = run("export", f"--workdir={own / 'run'}", f"--output={own / 'saved'}")
    assert done.returncode == 0, done.stderr
    documented = json.loads((own / "saved" / "assets.extra" / "model.json").read_text())
    assert documented == described
    (median,) = (c["missing"] for c in documented["preprocessing"] if c["name"] == "size")
    serve = tf.saved_model.load(str(own / "saved")).signatures["serving_default"]
    served = serve(x=tf.constant(encoded(rows, median)))
    names = described["label_names"]
    found = np.array([[line["relaxed"][name] for name in names] for line in lines])
    np.testing.assert_allclose(found, served["relaxed"], atol=1e-5)
    labels = [[name in line["labels"] for name in names] for line in lines]
    np.testing.assert_array_equal(labels, served["labels"])


def test_evaluation_preprocesses_alike(own, tmp_path):
    workdir = f"--workdir={own / 'run'}"
    done = run("evaluate", workdir, f"--output={tmp_path}/scores.json")
    assert done.returncode == 0, done.stderr
    results = json.loads((own / "run" / "results.json").read_text())
    found = json.loads((tmp_path / "scores.json").read_text())
    assert found["test"]["refined"] == pytest.approx(results["test"]["refined"], abs=1e-9)

    # Another test file is encoded as the training rows say; other training rows would say else.
    write_csv(tmp_path / "test.csv", songs(30, 3))
    params = [f"files.test = '{tmp_path}/test.csv'"]
    (median,) = (f.missing for f in saved_preprocessing(own).features if f.name == "size")
    _, splits, _ = trained.restore(own / "run", params=params, other_data=True)
    np.testing.assert_allclose(splits.test.x, encoded(songs(30, 3), median), rtol=1e-6)
    write_csv(tmp_path / "train.csv", songs(150, 5))
    params = [f"files.train = '{tmp_path}/train.csv'"]
    with pytest.raises(DataError, match=r"other values for missing cells, than those of"):
        trained.restore(own / "run", params=params, other_data=True)


def saved_preprocessing(own):
    return trained.read_signature(own / "run" / "model.json").preprocessing


def test_a_missing_cell_gets_one_line(own, tmp_path):
    done = run("train", *options(own, **{"files.missing": None}), f"--workdir={tmp_path / 'run'}")
    assert_one_clear_line(done, "train.csv:8: 'colour' is missing", "files.missing = 'median'")
    assert not (tmp_path / "run" / "config.gin").exists()
