"""Writes the recorded results into both READMEs: python -m experiments.readme.

Every table stands between `<!-- begin NAME -->` and `<!-- end NAME -->` and is made from the
records in experiments/results; `--check` only says whether the documents agree with them.
"""

import re
import sys

from absl import app, flags

from experiments import (
    cross_validated,
    digits,
    mulan,
    partial_labels,
    runs,
    table1,
    table2,
    table3,
)

flags.DEFINE_bool("check", False, "Fail where a document differs from the records; write nothing.")

TABLES = {
    "README.md": {
        "digits": digits.table,
        "table1": lambda: table1.table("bibtex"),
        "table2": table2.table,
        "table3": table3.table,
        "mulan": mulan.table,
        "partial_labels": partial_labels.table,
    },
    "experiments/README.md": {"cross_validated": cross_validated.table},
}


def render(text, tables):
    """A document's `text` with every one of `tables`, functions by name, made anew."""
    for name, table in tables.items():
        parts = re.split(f"(<!-- (?:begin|end) {name} -->)", text)
        if len(parts) != 5:
            sys.exit(f"the document has no single place for the table {name}")
        parts[2] = f"\n{table()}\n"
        text = "".join(parts)
    return text


def main(argv):
    del argv
    flags.FLAGS.run = False
    for name, tables in TABLES.items():
        document = runs.ROOT / name
        text = document.read_text(encoding="utf-8")
        made = render(text, tables)
        if not flags.FLAGS.check:
            document.write_text(made, encoding="utf-8")
        elif made != text:
            sys.exit(f"{name} differs from experiments/results")


if __name__ == "__main__":
    app.run(main)
