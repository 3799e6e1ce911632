"""Trains a model: python -m alen_tf.train --gin_file=gin/digits/alen.gin."""

from absl import flags

from alen_tf.cli import command_line

flags.adopt_module_key_flags(command_line)
flags.DEFINE_multi_string("gin_file", [], "Gin file; may be repeated, later ones win.")
flags.DEFINE_multi_string(
    "gin_param", [], "Gin binding such as 'train.epochs = 3'; may be repeated."
)
flags.DEFINE_bool("restart", False, "Start again; the old workdir is renamed, not deleted.")


def main(options):
    from alen_tf.errors import ConfigError
    from alen_tf.training import config, interruption
    from alen_tf.training.workdir import default_path

    if not options.gin_file:
        raise ConfigError("name a configuration, for example --gin_file=gin/digits/alen.gin")
    config.parse(options.gin_file, options.gin_param)
    workdir = options.workdir or default_path(options.gin_file[-1])
    train = {"train": _jointly, "cross_fit": _out_of_fold}[config.root()]
    with interruption.watched() as stop, config.complete():
        train(workdir, options.manual_dir, options.data_dir, stop, options.restart)


def _jointly(workdir, *arguments):
    from alen_tf.evaluation import calibration, scores
    from alen_tf.training import trainer

    results = trainer.train(workdir, *arguments)
    print(scores.table(results))
    if confidence := calibration.table(results):
        print(confidence)
    print(f"\n{workdir}: results.json, pictures, checkpoints; tensorboard --logdir {workdir}")


def _out_of_fold(workdir, *arguments):
    from alen_tf.cross_fitting import run, scores

    print(scores.table(run.cross_fit(workdir, *arguments)))
    print(f"\n{workdir}: results.json, and the model for python -m alen_tf.predict")


def run():
    """The console script."""
    command_line.run(main)


if __name__ == "__main__":
    run()
