"""Evaluates a trained model: python -m alen_tf.evaluate --workdir=runs/digits/alen."""

from absl import flags

from alen_tf.cli import command_line

flags.adopt_module_key_flags(command_line)
flags.DEFINE_integer(
    "steps", None, "Number of inference steps; by default as trained.", lower_bound=0
)
flags.DEFINE_multi_string(
    "gin_param", [], "Gin binding that overrides the trained configuration, such as a step size."
)
flags.DEFINE_bool("other_data", False, "Evaluate on data that differs from the training run's.")
flags.DEFINE_string("output", None, "JSON file for the scores, as in results.json.")


def main(options):
    import pathlib

    from alen_tf.cross_fitting.trained import is_cross_fitted
    from alen_tf.errors import WorkdirError
    from alen_tf.storage import write_json

    if not options.workdir:
        raise WorkdirError("name the folder of a trained model with --workdir")
    evaluate = _cross_fitted if is_cross_fitted(options.workdir) else _trained_jointly
    results, text = evaluate(
        options.steps,
        options.workdir,
        options.manual_dir,
        options.data_dir,
        options.gin_param,
        options.other_data,
    )
    if options.output:
        write_json(pathlib.Path(options.output), results)
    print(text)


def _trained_jointly(steps, *arguments):
    from alen_tf.evaluation import calibration, scores
    from alen_tf.serving import trained

    task, splits, model = trained.restore(*arguments)
    paths = scores.predict_splits(model, splits, steps=steps)
    results, _ = calibration.evaluate_and_judge(task, splits, model, paths, steps)
    confidence = calibration.table(results)
    return results, "\n".join(filter(None, [scores.table(results), confidence]))


def _cross_fitted(steps, *arguments):
    from alen_tf.cross_fitting import scores, trained

    trained.check_steps(steps)
    splits, model = trained.restore(*arguments)
    results = scores.of(model.fitted, splits.test)
    return results, scores.table(results)


def run():
    """The console script."""
    command_line.run(main)


if __name__ == "__main__":
    run()
