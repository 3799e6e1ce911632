"""The effect of each difference from the paper on Bibtex: python -m experiments.differences.

Trains `gin/bibtex/alen.gin` with one setting at a time restored to the paper's, for half of its
epochs, and scores it on validation only. Each seed draws its own validation split, which all
settings share.
"""

import statistics

from absl import app

from experiments import runs

NAME, SEEDS = "differences", range(2)
GIN_FILE = "gin/bibtex/alen.gin"
EPOCHS = "train.epochs = 40"
# The paper's setting, and its bindings.
CHANGES = {
    "nothing put back": (),
    "squares in Eq. 6": ("ALEN.regression_loss = @squared_error",),
    "all ascents of training start at g(x)": ("TrainingStarts.zero_init_fraction = 0.0",),
    "Adam for the energy": (
        "train.energy_optimizer = @energy/adam",
        "energy/adam.learning_rate = 1e-3",
        "energy/adam.cosine = True",
    ),
    "no L2 of the energy": ("MLPEnergy.l2 = 0.0",),
    "He's initial weights in the energy": ("MLPEnergy.input_gain = 1.0",),
    "no dropout in g": ("MLP.dropout = 0.0",),
    "no output bias in g": ("MLP.output_bias = 0.0",),
    "constant learning rates": (
        "energy/sgd.cosine = False",
        "inference/adam.cosine = False",
    ),
    "equal weights in Eq. 6": ("ALEN.beta_v = 1.0",),
    "equal weights in Eq. 11": ("ALEN.lambda_g = 1.0",),
    "Algorithm 1's order of updates": ("ALEN.alternating = True",),
    "the best of all epochs": ("train.select_after = 0.0",),
}


def table():
    """F1 on validation for every setting, of g alone and refined, and the cost of restoring it, as
    Markdown: means over seeds, and differences from the same seed with nothing restored."""
    found = {
        seed: dict(zip(CHANGES, runs.train(NAME, list(runs_of(seed))), strict=True))
        for seed in SEEDS
    }
    rows = []
    for name, params in CHANGES.items():
        both = [(each["nothing put back"], each[name]) for each in found.values()]
        both = [(base, new) for base, new in both if base and new]
        if not both:
            continue
        refined = [new["validation"]["refined"] for _, new in both]
        alone = [new["validation"]["inference_network"] for _, new in both]
        moved = [new["validation"]["refined"] - base["validation"]["refined"] for base, new in both]
        rows.append(
            [
                name,
                ", ".join(f"`{param}`" for param in params) or "-",
                f"{100 * statistics.mean(alone):.2f}",
                f"{100 * statistics.mean(refined):.2f}",
                " / ".join(f"{100 * each:+.1f}" for each in moved) if params else "-",
            ]
        )
    header = ["the paper has", "bindings", "g alone", "refined", "difference by seed"]
    return runs.markdown(header, rows)


def runs_of(seed):
    """The runs of a seed, in the order of `CHANGES`."""
    shared = (EPOCHS, "train.test = False", f"bibtex.fold = {seed}")
    for params in CHANGES.values():
        yield runs.Run(GIN_FILE, seed, (*params, *shared))


def main(argv):
    del argv
    print(table())


if __name__ == "__main__":
    app.run(main)
