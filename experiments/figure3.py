"""Figure 3, test F1 after every inference step: python -m experiments.figure3.

The trained ALEN and DVN models of Table 1 on Bibtex; DVN is drawn with the step rule that it was
trained with (Eq. 4, plain gradients) and with ALEN's (Eq. 12, normalised gradients), to separate
the effect of the rule from that of the inference network. ALEN is also drawn with shrinking steps,
because the steps of Eq. 12 never end. Large markers are the configured numbers of steps. Curves
without a record are left out.
"""

import functools
import json
import re
import statistics
import subprocess
import sys

from absl import app

from experiments import runs, style, table1

STEPS = 30
SHOWN = (0, 6, 10, 20, 30)  # steps of the table
NORMALIZED = (
    'prediction/GradientAscent.norm = "l2"',
    "prediction/GradientAscent.step_size = 1.0",
)
SHRINKING = ("prediction/GradientAscent.decay = 0.85",)
# Curve: gin file of the trained model in gin/bibtex, and what differs at prediction.
CURVES = {
    "ALEN, normalised steps": ("alen", ()),
    "ALEN, normalised steps that shrink": ("alen", SHRINKING),
    "DVN, plain steps": ("dvn", ()),
    "DVN, normalised steps": ("dvn", NORMALIZED),
}

# The model of experiments.cross_fitted, whose inference network is a stack of classifiers.
CROSS_FITTED = "ALEN, cross-fitted"


def curves(gin_name, params):
    """Test F1 of each seed after each of `STEPS` inference steps, [seeds, STEPS + 1]; None where a
    run is not recorded, given --norun."""
    options = [f"--steps={STEPS}", *(f"--gin_param={param}" for param in params)]
    found = []
    for run in table1.wanted("bibtex", gin_name):
        command = f"{run.command} && {runs.line('alen_tf.evaluate', options)}"
        made = runs.measured("figure3", command, functools.partial(_evaluate, run, options))
        if made is None:
            return None
        found.append(made["test"]["by_step"])
    return found


def cross_fitted_curves():
    """The same for the cross-fitted model; empty if it is not recorded."""
    records = runs.recorded("cross_fitted").values()
    return [seed["path"] for each in records if each["set"] == "bibtex" for seed in each["ours"]]


def all_curves():
    """The result of `curves` for every curve, by label."""
    found = {label: curves(*trained) for label, trained in CURVES.items()}
    return found | ({CROSS_FITTED: cross_fitted} if (cross_fitted := cross_fitted_curves()) else {})


def table():
    """Mean test F1 over seeds after some of the steps, as Markdown."""
    rows = []
    for label, found in all_curves().items():
        shown = ["not run"] * len(SHOWN)
        if found:
            scores = mean(found)
            shown = [f"{100 * scores[step]:.2f}" for step in SHOWN]
        rows.append([label, *shown])
    return runs.markdown(["inference steps", *map(str, SHOWN)], rows)


def mean(found):
    """The mean over seeds, [STEPS + 1], of scores [seeds, STEPS + 1]."""
    return [statistics.mean(seeds) for seeds in zip(*found, strict=True)]


def configured_steps(gin_name):
    """The number of inference steps that a gin file of gin/bibtex configures."""
    text = (runs.ROOT / "gin" / "bibtex" / f"{gin_name}.gin").read_text(encoding="utf-8")
    return int(re.search(r"^prediction/GradientAscent.steps = (\d+)", text, re.MULTILINE)[1])


def steps_to_peak(scores, within=0.001):
    """The first step whose score is within `within` of the curve's highest."""
    return next(step for step, score in enumerate(scores) if score >= max(scores) - within)


def _evaluate(run, options):
    workdir = runs.trained_workdir("table1", run)
    output = workdir / "figure3.json"
    places = [f"--workdir={workdir}", f"--output={output}", *runs.places()]
    command = [sys.executable, "-m", "alen_tf.evaluate", *options, *places]
    subprocess.run(command, cwd=runs.ROOT, check=True, stdout=subprocess.DEVNULL)
    return json.loads(output.read_text(encoding="utf-8"))


def main(argv):
    del argv
    import matplotlib.pyplot as plt

    style.apply()
    figure, axes = plt.subplots(figsize=(6, 4))
    print("curve: peak F1, step of the peak, first step within 0.1 F1 of it")
    for index, (label, found) in enumerate(all_curves().items()):
        if not found:  # its colour stays free, so that other curves keep theirs
            print(f"{label}: not recorded")
            continue
        scores = mean(found)
        peak = max(scores)
        print(f"{label}: {100 * peak:.2f}, {scores.index(peak)}, {steps_to_peak(scores)}")
        percent = [[100 * score for score in seed] for seed in found]
        gin_name, params = CURVES.get(label, (None, ()))
        marked = configured_steps(gin_name) if gin_name and not params else None
        style.curve(axes, index, range(STEPS + 1), percent, label, marked)
    title = "Bibtex, mean and standard deviation over seeds"
    axes.set(xlabel="inference step", ylabel="test F1 (%)", ylim=(0, None), title=title)
    axes.legend()
    runs.save(figure, "figure3")


if __name__ == "__main__":
    app.run(main)
