"""Writes recorded results into pages: python -m experiments.readme.

`--check` only reports whether they agree with the records in experiments/results.
"""

from absl import app, flags

from experiments import (
    adversarial,
    clicks,
    cross_fitted,
    cross_validated,
    differences,
    digits,
    documents,
    figure3,
    known_labels,
    mulan,
    partial_labels,
    photographs,
    questions,
    rivals,
    stacking,
    summary,
    table1,
    table2,
    table3,
)

TABLES = {
    "README.md": {"summary": summary.table},
    "docs/results.md": {
        "digits": digits.table,
        "table1": lambda: table1.table("bibtex"),
        "rivals": rivals.table,
        "figure3": figure3.table,
        "table2": table2.table,
        "table3": table3.table,
        "mulan": mulan.table,
        "partial_labels": partial_labels.table,
    },
    "docs/paper.md": {"differences": differences.table},
    "docs/notes/cross-fitting.md": {
        "cross_validated": cross_validated.table,
        "cross_fitted": cross_fitted.table,
        "stacking": stacking.table,
        "adversarial": adversarial.table,
    },
    "docs/notes/known-labels.md": {
        "known_labels": known_labels.table,
        "questions": questions.table,
    },
    "docs/notes/horses.md": {"photographs": photographs.table, "clicks": clicks.table},
}


def main(argv):
    del argv
    flags.FLAGS.run = False
    for name, tables in TABLES.items():
        documents.update(name, tables)


if __name__ == "__main__":
    app.run(main)
