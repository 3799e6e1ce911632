"""Writes the recorded results into the README: python -m experiments.readme.

Every table stands between `<!-- begin NAME -->` and `<!-- end NAME -->` and is made from the
records in experiments/results; `--check` only says whether the README agrees with them.
"""

import re
import sys

from absl import app, flags

from experiments import digits, mulan, partial_labels, runs, table1, table2, table3

flags.DEFINE_bool("check", False, "Fail where the README differs from the records; write nothing.")

TABLES = {
    "digits": digits.table,
    "table1": lambda: table1.table("bibtex"),
    "table2": table2.table,
    "table3": table3.table,
    "mulan": mulan.table,
    "partial_labels": partial_labels.table,
}


def render(text, tables=TABLES):
    """A document's `text` with every table made anew; by default the README's."""
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
    readme = runs.ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    if flags.FLAGS.check:
        sys.exit(render(text) != text and "README.md differs from experiments/results")
    readme.write_text(render(text), encoding="utf-8")


if __name__ == "__main__":
    app.run(main)
