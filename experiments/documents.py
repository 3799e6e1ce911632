"""Documents whose tables are made from records, each between `<!-- begin NAME -->` and
`<!-- end NAME -->`.

Given `--check`, a command that writes documents only says whether they agree with the records.
"""

import re
import sys

from absl import flags

from experiments import runs

flags.DEFINE_bool("check", False, "Fail where a document differs from its records; write nothing.")


def render(text, tables):
    """A document's `text` with every one of `tables`, functions by name, made anew."""
    for name, table in tables.items():
        parts = re.split(f"(<!-- (?:begin|end) {name} -->)", text)
        if len(parts) != 5:
            sys.exit(f"the document has no single place for the table {name}")
        parts[2] = f"\n{table()}\n"
        text = "".join(parts)
    return text


def update(name, tables):
    """Writes `tables`, functions by name, into the document at path `name` of the repository; given
    `--check`, exits instead where it differs."""
    document = runs.ROOT / name
    text = document.read_text(encoding="utf-8")
    made = render(text, tables)
    if not flags.FLAGS.check:
        document.write_text(made, encoding="utf-8")
    elif made != text:
        sys.exit(f"{name} differs from experiments/results")
