"""What each difference from the paper is worth on Bibtex: python -m experiments.differences.

`gin/bibtex/alen.gin` with one setting at a time put back to the paper's, scored on validation
alone. Each seed draws its own validation split, the same one for all settings.
"""

import statistics

from absl import app

from experiments import runs

NAME, SEEDS = "differences", range(2)
GIN_FILE = "gin/bibtex/alen.gin"
# What the paper has: the bindings of it.
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
    """F1 on validation of every setting, of g alone and refined, and what putting it back costs, as
    Markdown."""
    shared = [(seed, ("train.test = False", f"bibtex.fold = {seed}")) for seed in SEEDS]
    found = {
        name: runs.train(
            NAME, [runs.Run(GIN_FILE, seed, (*params, *common)) for seed, common in shared]
        )
        for name, params in CHANGES.items()
    }
    base = _scores(found["nothing put back"])
    rows = []
    for name, results in found.items():
        if not (refined := _scores(results)):
            continue
        moved = [new - old for new, old in zip(refined, base, strict=True)]
        rows.append(
            [
                name,
                ", ".join(f"`{param}`" for param in CHANGES[name]) or "-",
                f"{100 * statistics.mean(_scores(results, 'inference_network')):.2f}",
                f"{100 * statistics.mean(refined):.2f}",
                " / ".join(f"{100 * each:+.1f}" for each in moved) if CHANGES[name] else "-",
            ]
        )
    header = ["the paper has", "bindings", "g alone", "refined", "difference by seed"]
    return runs.markdown(header, rows)


def _scores(results, key="refined"):
    """Validation F1 of runs that are all recorded, else nothing."""
    return [] if None in results else [result["validation"][key] for result in results]


def main(argv):
    del argv
    print(table())


if __name__ == "__main__":
    app.run(main)
