"""Eq. 3 and 5 compared with Eq. 6: python -m experiments.min_max.

The paper calls learning with Equation 5 unstable. On Bibtex, this draws the values of the truth and
of the inference network's output over training: the min-max objectives let them diverge, while Eq.
6 ties them to oracle values.
"""

from absl import app

from experiments import runs, style

SHORT = "train.epochs = 10"
RUNS = {
    "Eq. 3": runs.Run("gin/bibtex/min_max.gin", 0, (SHORT, "MinMax.refined = False")),
    "Eq. 5": runs.Run("gin/bibtex/min_max.gin", 0, (SHORT,)),
    "Eq. 6 (ALEN)": runs.Run("gin/bibtex/alen.gin", 0, (SHORT,)),
}
TAGS = {"y*": "value/truth", "g(x)": "value/inference_network"}


def values(workdir, tag):
    """A training scalar over a run: (steps, values)."""
    import tensorflow as tf
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(workdir / "train"), size_guidance={"tensors": 0}).Reload()
    points = events.Tensors(tag)
    return [p.step for p in points], [float(tf.make_ndarray(p.tensor_proto)) for p in points]


def main(argv):
    del argv
    import matplotlib.pyplot as plt

    style.apply()
    figure, axes = plt.subplots(1, len(RUNS), figsize=(9, 3))
    results = runs.train("min_max", list(RUNS.values()))
    for axis, (label, run), result in zip(axes, RUNS.items(), results, strict=True):
        workdir = runs.trained_workdir("min_max", run)
        for name, tag in TAGS.items():
            steps, curve = values(workdir, tag)
            axis.plot(steps, curve, label=f"v(x, {name})")
            print(f"{label}: last v(x, {name}) = {curve[-1]:.3g}")
        print(f"{label}: test F1 {100 * result['test']['refined']:.2f}")
        axis.set(title=label, xlabel="training step")
        axis.legend()
    runs.save(figure, "min_max")


if __name__ == "__main__":
    app.run(main)
