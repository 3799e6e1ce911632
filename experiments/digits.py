"""Digit completion over five seeds: python -m experiments.digits.

ALEN, its own inference network, and a plain cross-entropy network of that network's size.
"""

from absl import app

from experiments import runs

SEEDS = range(5)


def table():
    """Test F1 at threshold 0.5, as Markdown; rows without a record are left out."""
    rows = []
    plain = _runs("gin/digits/two_layer.gin")
    alen = _runs("gin/digits/alen.gin")
    for label, results, key in (
        ("cross-entropy network", plain, "refined"),
        ("InfNet (ALEN)", alen, "inference_network"),
        ("ALEN", alen, "refined"),
    ):
        if results:
            validation, test = (
                runs.mean_and_spread([result[split][key] for result in results])
                for split in ("validation", "test")
            )
            rows.append([label, validation, test, str(len(results))])
    return runs.markdown(["method", "validation F1", "test F1", "seeds"], rows)


def _runs(gin_file):
    results = [runs.train("digits", gin_file, seed) for seed in SEEDS]
    return [result for result in results if result is not None]


def main(argv):
    del argv
    print(table())


if __name__ == "__main__":
    app.run(main)
