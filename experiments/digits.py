"""Digit completion over five seeds: python -m experiments.digits.

A plain cross-entropy network, the inference network of ALEN, which has the same size, and ALEN.
"""

from absl import app

from experiments import runs

SEEDS = range(5)
ROWS = {
    "cross-entropy network": ("gin/digits/two_layer.gin", "refined"),
    "InfNet (ALEN)": ("gin/digits/alen.gin", "inference_network"),
    "ALEN": ("gin/digits/alen.gin", "refined"),
}
HEADER = ["method", "validation F1", "test F1", "test F1, tuned threshold", "seeds"]


def table():
    """Example-averaged F1 in percent, mean and standard deviation over seeds, as Markdown."""
    rows = []
    for label, (gin_file, key) in ROWS.items():
        results = runs.train("digits", [runs.Run(gin_file, seed) for seed in SEEDS])
        rows.append([label, *runs.scores(results, key)])
    return runs.markdown(HEADER, rows)


def main(argv):
    del argv
    print(table())


if __name__ == "__main__":
    app.run(main)
