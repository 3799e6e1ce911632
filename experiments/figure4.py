"""Figure 4, test F1 every five epochs of training: python -m experiments.figure4.

ALEN and DVN on Bibtex, each with the settings of Table 1, on the same axes. The curves choose
nothing; large markers are where validation chose the epoch, on average.
"""

import statistics

from absl import app

from experiments import runs, style

SEEDS = range(3)
EVERY = 5
CURVES = {"ALEN": "gin/bibtex/alen.gin", "DVN": "gin/bibtex/dvn.gin"}


def curves(gin_file):
    """(epochs, test F1 of each seed at them [seeds, epochs], the mean epoch that was chosen); None
    if no run is recorded, given --norun."""
    params = (f"train.test_every = {EVERY}",)
    results = runs.train("figure4", [runs.Run(gin_file, seed, params) for seed in SEEDS])
    results = [result for result in results if result is not None]
    if not results:
        return None
    epochs = list(results[0]["test_curve"])
    scores = [[result["test_curve"][epoch] for epoch in epochs] for result in results]
    chosen = statistics.mean(result["best_epoch"] for result in results)
    return list(map(int, epochs)), scores, chosen


def main(argv):
    del argv
    import matplotlib.pyplot as plt

    style.apply()
    figure, axes = plt.subplots(figsize=(6, 4))
    for index, (label, gin_file) in enumerate(CURVES.items()):
        found = curves(gin_file)
        if found is None:
            print(f"{label}: not recorded")
            continue
        epochs, scores, chosen = found
        percent = [[100 * f1 for f1 in seed] for seed in scores]
        nearest = min(epochs, key=lambda epoch: abs(epoch - chosen))
        style.curve(axes, index, epochs, percent, label, nearest)
        for epoch in (5, 20, 40, 80):
            mean = statistics.mean(seed[epochs.index(epoch)] for seed in percent)
            print(f"{label}, epoch {epoch}: {mean:.2f}")
    title = "Bibtex, mean and standard deviation of three seeds"
    axes.set(xlabel="epoch", ylabel="test F1 (%)", ylim=(0, None), title=title)
    axes.legend()
    runs.save(figure, "figure4")


if __name__ == "__main__":
    app.run(main)
