"""The README's table, a few rows of other tables: python -m experiments.summary."""

from absl import app

from experiments import cross_fitted, runs, table1, table3

BIBTEX, HORSES = "Bibtex, F1", "horses, mean IoU"
PAPER = "paper"
# Data set and score; method; the places of the published value and of ours: (table, row, column).
ROWS = (
    (
        BIBTEX,
        "logistic regression",
        ("table1", "Logistic regression (Lin et al. 2014)", PAPER),
        ("table1", "Logistic regression (Lin et al. 2014)", "test"),
    ),
    (
        BIBTEX,
        "best of five classifiers, decoded by expected F1",
        None,
        ("cross_fitted", "bibtex, 3", "best expected F1"),
    ),
    (BIBTEX, "ALEN, cross-fitted", None, ("cross_fitted", "bibtex, 3", "ALEN")),
    (BIBTEX, "ALEN", ("table1", "ALEN", PAPER), ("table1", "ALEN", "test")),
    (
        BIBTEX,
        "ALEN, the paper to the letter",
        ("table1", "ALEN", PAPER),
        ("table1", "ALEN, the paper to the letter", "test"),
    ),
    (
        HORSES,
        "ALEN, the paper's networks",
        ("table3", "ALEN", "mean IoU, paper"),
        ("table3", "ALEN", "mean IoU, test"),
    ),
    (HORSES, "U-Net alone", None, ("table3", "U-Net", "mean IoU, test")),
    (HORSES, "ALEN, U-Nets", None, ("table3", "ALEN, U-Nets", "mean IoU, test")),
)


def read(markdown):
    """The cells of a table in Markdown by (row's first cell, column); if several columns share a
    name, the first counts."""
    header, _, *rows = (
        [cell.strip() for cell in row[1:-1].split("|")] for row in markdown.splitlines()
    )
    return {
        (row[0], name): cell
        for row in rows
        for name, cell in reversed([*zip(header, row, strict=True)])
    }


def table():
    """The rows, as Markdown."""
    tables = {
        "table1": table1.table("bibtex"),
        "cross_fitted": cross_fitted.table(),
        "table3": table3.table(),
    }
    cells = {
        (name, *key): cell for name, each in tables.items() for key, cell in read(each).items()
    }
    found = [
        [score, method, cells[paper] if paper else "-", cells.get(ours, "not run")]
        for score, method, paper, ours in ROWS
    ]
    return runs.markdown(["test score", "method", "paper", "here"], found)


def main(argv):
    del argv
    print(table())


if __name__ == "__main__":
    app.run(main)
