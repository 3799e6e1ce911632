"""Table 1, example-averaged F1 of all multi-label methods: python -m experiments.table1.

Trains every method on every seed that is not recorded yet, and prints our numbers beside the
paper's. `--dataset=bookmarks` does the same on Bookmarks, whose file the user must bring.
"""

import json

from absl import app, flags

from experiments import runs

flags.DEFINE_enum("dataset", "bibtex", ["bibtex", "bookmarks"], "Data set of the table.")

SEEDS = range(5)
PUBLISHED = runs.ROOT / "third_party" / "published" / "pan2020.json"
# Row: gin file and which of a run's numbers. A row without a gin file is only quoted.
ROWS = {
    "logistic": ("logistic", "refined"),
    "two_layer": ("two_layer", "refined"),
    "spen": ("spen", "refined"),
    "spen_infnet": ("spen_infnet", "refined"),
    "spen_e2e": ("spen_e2e", "refined"),
    "icnn": ("icnn", "refined"),
    "prlr": (None, None),
    "dvn": ("dvn", "refined"),
    "infnet": ("infnet", "refined"),
    "aen": ("aen", "refined"),
    "alen_no_task": ("alen_no_task", "refined"),
    "alen_infnet": ("alen", "inference_network"),
    "alen": ("alen", "refined"),
    "alen_wide": ("alen_wide", "refined"),
    "alen_full": ("alen_full", "refined"),
}
# Rows that the paper's table does not have.
LABELS = {
    "spen_e2e": "end-to-end SPEN (Belanger et al. 2017)",
    "icnn": "ICNN (Amos et al. 2016)",
    "alen_wide": "ALEN, 300 hidden units",
    "alen_full": "ALEN, learned from the validation documents too",
}
UNVALIDATED = {"alen_full"}  # rows whose validation split is too small to say anything
HEADER = ["method", "paper", "validation", "test", "test, tuned threshold", "seeds"]


def table(dataset, methods=None):
    """The table as Markdown: the paper's F1, ours at threshold 0.5 and at the tuned threshold.

    Args:
      dataset: "bibtex" or "bookmarks".
      methods: the rows to show; all by default.
    """
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))["example_f1"]["rows"]
    rows = []
    for method in methods or ROWS:
        gin_name, key = ROWS[method]
        entry = published.get(method, {"label": LABELS.get(method)})
        paper = str(entry.get(dataset, "-"))
        if gin_name is None:
            rows.append([entry["label"], paper, *["only quoted"] * 3, "0"])
            continue
        gin_file = f"gin/{dataset}/{gin_name}.gin"
        if not (runs.ROOT / gin_file).exists():  # a row of one data set
            continue
        wanted = [runs.Run(gin_file, seed) for seed in SEEDS]
        validation, test, tuned, count = runs.scores(runs.train("table1", wanted), key)
        if method in UNVALIDATED:
            validation = tuned = "-"
        rows.append([entry["label"], paper, validation, test, tuned, count])
    return runs.markdown(HEADER, rows)


def main(argv):
    del argv
    print(table(flags.FLAGS.dataset, flags.FLAGS.methods))


if __name__ == "__main__":
    app.run(main)
