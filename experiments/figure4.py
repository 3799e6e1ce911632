"""Figure 4, test F1 every five epochs of training: python -m experiments.figure4.

ALEN and DVN on Bibtex, each with the settings of Table 1, on the same axes. The curves choose
nothing.
"""

import statistics

from absl import app

from experiments import runs

SEEDS = range(3)
EVERY = 5
CURVES = {"ALEN": "gin/bibtex/alen.gin", "DVN": "gin/bibtex/dvn.gin"}


def curve(gin_file):
    """Mean test F1 over seeds by epoch: {epoch: F1}."""
    params = (f"train.test_every = {EVERY}",)
    results = runs.train("figure4", [runs.Run(gin_file, seed, params) for seed in SEEDS])
    curves = [result["test_curve"] for result in results if result is not None]
    return {int(epoch): statistics.mean(c[epoch] for c in curves) for epoch in curves[0]}


def main(argv):
    del argv
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for label, gin_file in CURVES.items():
        scores = curve(gin_file)
        axes.plot(scores.keys(), [100 * f1 for f1 in scores.values()], marker="o", label=label)
        for epoch in (5, 20, 40, 80):
            print(f"{label}, epoch {epoch}: {100 * scores[epoch]:.2f}")
    axes.set(xlabel="epoch", ylabel="test F1 (%)", title="Bibtex, mean of three seeds")
    axes.grid(alpha=0.3)
    axes.legend()
    runs.save(figure, "figure4")


if __name__ == "__main__":
    app.run(main)
