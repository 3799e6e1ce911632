"""A user's rows with labels that features tell, and files of them."""

import csv

import numpy as np

LABELS = ("sun", "sea", "both, quoted")


def rows(count, seed):
    """Labels that features tell, and a third one where both of them are there."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 4)).round(3).astype(np.float32)
    y = np.stack([x[:, 0] > 0.3, x[:, 1] > 0.3], axis=1)
    return x, np.column_stack([y, y.all(axis=1)]).astype(np.uint8)


def write_csv(path, names, columns):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([names, *columns])


def write_files(folder):
    """Writes train.csv and test.csv, and rows.csv without labels, which are the test's rows."""
    names = [*LABELS, "a", "b", "c", "d"]
    for name, seed, count in (("train", 0, 150), ("test", 1, 60)):
        x, y = rows(count, seed)
        write_csv(folder / f"{name}.csv", names, np.concatenate([y, x], axis=1))
    write_csv(folder / "rows.csv", ["d", "c", "b", "a"], rows(60, 1)[0][:, ::-1])  # another order
