"""A search for hyper-parameters on validation: python -m experiments.sweep.

    python -m experiments.sweep --gin_file=gin/bibtex/alen.gin --trials=20 --jobs=2 \
        --search='ALEN.beta_v=log 1 20' --search='MLP.dropout=uniform 0 0.6' \
        --search='MLPEnergy.l2=choice 3e-3 1e-2'

Every trial is a training run in its own workdir: `tensorboard --logdir` on the sweep's folder shows
them all in the HParams tab. The same command resumes an interrupted sweep. The objective is the
refined validation score, a mean over `--seeds`; no trial evaluates the test split. If there are
only choices, each combination is tried once. Needs Optuna: pip install 'alen_tf[sweep]'.
"""

import json
import math
import pathlib
import statistics
import sys

from absl import app, flags

from experiments import runs

flags.DEFINE_string("gin_file", None, "Configuration that is searched around.", required=True)
flags.DEFINE_multi_string("gin_param", [], "Gin binding that all trials share; may repeat.")
flags.DEFINE_multi_string(
    "search", [], "'NAME=uniform LOW HIGH', '=log LOW HIGH' or '=choice A B ...'; may repeat."
)
flags.DEFINE_integer("trials", 20, "Trials in all, earlier ones included.", lower_bound=1)
flags.DEFINE_integer("seeds", 1, "Runs of each trial.", lower_bound=1)
flags.DEFINE_multi_string(
    "seeded", [], "Gin parameter that gets the run's number as its seed does; may repeat."
)
flags.DEFINE_string("name", "sweep", "Folder under --workdirs; sweeps in one share their runs.")
flags.DEFINE_string("record", None, "Adds trials to experiments/results/RECORD.jsonl.")


def parse_search(text):
    """('ALEN.beta_v', 'log', [1.0, 20.0]) for 'ALEN.beta_v=log 1 20'.

    Raises:
      ValueError: the text is malformed.
    """
    name, _, rest = text.partition("=")
    kind, *values = rest.split() or [""]
    if kind == "choice" and values:
        return name.strip(), kind, values
    if kind in ("uniform", "log") and len(values) == 2:
        low, high = map(float, values)
        if low < high and (low > 0 or kind == "uniform"):
            return name.strip(), kind, [low, high]
    raise ValueError(
        f"{text!r} is none of: NAME=uniform LOW HIGH, NAME=log LOW HIGH, NAME=choice A B"
    )


def suggest(trial, searches):
    """Gin bindings of a trial."""
    params = []
    for name, kind, values in searches:
        if kind == "choice":
            value = trial.suggest_categorical(name, values)
        else:
            value = f"{trial.suggest_float(name, *values, log=kind == 'log'):.4g}"
        params.append(f"{name} = {value}")
    return params


def objective(trial, searches):
    """Mean refined validation score of a trial's runs."""
    options = flags.FLAGS
    shared = (*options.gin_param, *suggest(trial, searches), "train.test = False")
    curves = []
    for seed in range(options.seeds):
        params = (*shared, *(f"{name} = {seed}" for name in options.seeded))
        workdir = runs.trained_workdir(options.name, runs.Run(options.gin_file, seed, params))
        result = json.loads((workdir / "results.json").read_text(encoding="utf-8"))
        curves.append(result["validation"]["by_step"])
    if options.record:
        by_step = [round(statistics.mean(scores), 4) for scores in zip(*curves, strict=True)]
        runs.record(
            options.record,
            {
                "command": command(),
                "commit": runs.commit(),
                "trial": trial.params,
                "validation_by_step": by_step,
            },
        )
    return statistics.mean(curve[-1] for curve in curves)


def command(trials=True):
    """The sweep as a line of shell, without machine-specific paths: another search, or other fixed
    settings, is another sweep."""
    options = flags.FLAGS
    single = ("gin_file", "seeds", "trials") if trials else ("gin_file", "seeds")
    repeated = ("gin_param", "search", "seeded")
    return runs.line(
        "experiments.sweep",
        [
            *(f"--{name}={options[name].value}" for name in single),
            *(f"--{name}={value}" for name in repeated for value in options[name].value),
        ],
    )


def plan(searches, trials, complete):
    """The sampler, and the total number of trials: every combination once if there are only
    choices, otherwise suggestions that learn from the `complete` trials."""
    import optuna

    if all(kind == "choice" for _, kind, _ in searches):
        grid = {name: values for name, _, values in searches}
        combinations = math.prod(map(len, grid.values()))
        return optuna.samplers.GridSampler(grid, seed=0), min(trials, combinations)
    # Seeded so that a resumed search does not repeat trials.
    return optuna.samplers.TPESampler(seed=complete), trials


def main(argv):
    del argv
    import optuna
    from optuna.storages.journal import JournalFileBackend

    options = flags.FLAGS
    try:
        searches = [parse_search(text) for text in options.search]
    except ValueError as error:
        sys.exit(f"error: --search: {error}")
    folder = pathlib.Path(options.workdirs, options.name).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        study_name=command(trials=False),
        storage=optuna.storages.JournalStorage(JournalFileBackend(str(folder / "journal.log"))),
        direction="maximize",
        load_if_exists=True,
    )
    done = [optuna.trial.TrialState.COMPLETE]
    complete = len(study.get_trials(states=done))
    study.sampler, trials = plan(searches, options.trials, complete)
    study.optimize(
        lambda trial: objective(trial, searches),
        n_trials=max(0, trials - complete),
        n_jobs=options.jobs,
    )
    for trial in sorted(study.get_trials(states=done), key=lambda trial: trial.value):
        print(f"{100 * trial.value:.2f}  {trial.params}")


if __name__ == "__main__":
    app.run(main)
