"""Evaluates a trained model: python -m alen_tf.evaluate --workdir=runs/digits/alen."""

from absl import flags

from alen_tf import command_line

flags.adopt_module_key_flags(command_line)
flags.DEFINE_integer(
    "steps", None, "Inference steps; the trained number by default.", lower_bound=0
)


def main(options):
    from alen_tf import evaluation, trained
    from alen_tf.errors import WorkdirError

    if not options.workdir:
        raise WorkdirError("name the folder of a trained model with --workdir")
    task, splits, learner = trained.restore(options.workdir, options.manual_dir, options.data_dir)
    predictor = evaluation.Predictor(learner, options.steps)
    print(evaluation.table(evaluation.evaluate_splits(task, predictor, splits)))


if __name__ == "__main__":
    command_line.run(main)
