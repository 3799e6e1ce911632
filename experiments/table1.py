"""Table 1, example-averaged F1 of all multi-label methods: python -m experiments.table1.

Trains every method on every seed that is not recorded yet, and prints our numbers beside the
paper's. `--dataset=bookmarks` does the same on Bookmarks, whose file the user must supply. Each
seed draws its own validation split; old records share one, and `--redraw` replaces these.
"""

import json

from absl import app, flags

from experiments import runs

flags.DEFINE_enum("dataset", "bibtex", ["bibtex", "bookmarks"], "Data set of the table.")
flags.DEFINE_bool("redraw", False, "Repeat old runs whose seeds share one validation split.")

SEEDS = range(5)
PUBLISHED = runs.ROOT / "third_party" / "published" / "pan2020.json"
# Row: gin file, and which output of a run. A row without a gin file is only quoted.
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
    "paper_infnet": ("paper", "inference_network"),
    "paper": ("paper", "refined"),
}
# Rows that the paper's table does not have.
LABELS = {
    "spen_e2e": "end-to-end SPEN (Belanger et al. 2017)",
    "icnn": "ICNN (Amos et al. 2016)",
    "alen_wide": "ALEN, 300 hidden units",
    "alen_full": "ALEN, learned from the validation documents too",
    "paper_infnet": "InfNet (ALEN), the paper to the letter",
    "paper": "ALEN, the paper to the letter",
}
UNVALIDATED = {"alen_full"}  # rows whose validation split is too small to be informative
HEADER = [
    "method",
    "paper",
    "validation",
    "test",
    "test, tuned threshold",
    "seeds",
    "validation split",
    "commit",
]


def table(dataset, methods=None):
    """The table as Markdown: the paper's F1, ours at threshold 0.5 and at the tuned threshold.

    Args:
      dataset: "bibtex" or "bookmarks".
      methods: the rows to show; all by default.

    Scores at the tuned threshold take the threshold of each run's own validation split. Old runs
    without a commit show the version of this package.
    """
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))["example_f1"]["rows"]
    rows = []
    for method in methods or ROWS:
        gin_name, key = ROWS[method]
        entry = published.get(method, {"label": LABELS.get(method)})
        paper = str(entry.get(dataset, "-"))
        if gin_name is None:
            rows.append([entry["label"], paper, *["only quoted"] * 3, "0", "-", "-"])
            continue
        gin_file = f"gin/{dataset}/{gin_name}.gin"
        if not (runs.ROOT / gin_file).exists():  # a row for only one data set
            continue
        asked = wanted(dataset, gin_name, flags.FLAGS.redraw)
        results = runs.train("table1", asked)
        validation, test, tuned, count = runs.scores(results, key)
        if method in UNVALIDATED:
            validation = tuned = "-"
        split = "of each seed" if asked[0].params else "one for all"
        cells = [entry["label"], paper, validation, test, tuned, count, split, made_by(results)]
        rows.append(cells)
    return runs.markdown(HEADER, rows)


def wanted(dataset, gin_name, redraw=False):
    """The runs of a row: each seed draws its own validation split, except in old records, whose
    seeds share one, unless to `redraw`."""
    gin_file = f"gin/{dataset}/{gin_name}.gin"
    drawn = [runs.Run(gin_file, seed, (f"{dataset}.fold = {seed}",)) for seed in SEEDS]
    shared, recorded = [runs.Run(gin_file, seed) for seed in SEEDS], runs.recorded("table1")
    old = all(run.command in recorded for run in shared)
    new = all(run.command in recorded for run in drawn)
    return shared if old and not (new or redraw) else drawn


def made_by(results):
    """The commits of runs; for old runs without one, the version of the package."""
    found = {
        result.get("commit", f"version {result['versions']['alen_tf']}")
        for result in results
        if result
    }
    return ", ".join(sorted(found)) or "-"


def main(argv):
    del argv
    print(table(flags.FLAGS.dataset, flags.FLAGS.methods))


if __name__ == "__main__":
    app.run(main)
