"""Exports a trained model as a SavedModel: python -m alen_tf.export --workdir=DIR --output=DIR."""

from absl import flags

from alen_tf.cli import command_line

flags.declare_key_flag("workdir")  # --help shows only what this command uses
flags.DEFINE_string("output", None, "Folder of the SavedModel, such as models/scene/1.")


def main(options):
    from alen_tf.cross_fitting.trained import is_cross_fitted
    from alen_tf.errors import UserError
    from alen_tf.serving import saved_model as exported
    from alen_tf.serving import trained

    for name in ("workdir", "output"):
        if not options[name].value:
            raise UserError(f"name a folder with --{name}")
    if is_cross_fitted(options.workdir):
        raise UserError(
            f"{options.workdir} is cross-fitted, and a SavedModel cannot hold its classifiers: use "
            "alen_tf.predict, or train gin/own/multilabel_joint.gin and export that"
        )
    model, card = trained.load(options.workdir), trained.read_card(options.workdir)
    exported.save(model, options.output, card)
    print(f"{options.output}: serving_default, refine, complete")


def run():
    """The console script."""
    command_line.run(main)


if __name__ == "__main__":
    run()
