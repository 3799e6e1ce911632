"""Predicts rows or images: python -m alen_tf.predict --workdir=DIR --input=PATH --output=PATH."""

from absl import flags

from alen_tf.cli import command_line

flags.declare_key_flag("workdir")  # --help shows only what this command uses
flags.DEFINE_string(
    "input",
    None,
    "File of rows: .csv, .tsv, .jsonl or .arff (also .csv.gz etc.), .parquet, .xlsx, .npz, .svm or "
    ".libsvm. For an image model: an image file, or a folder of them.",
)
flags.DEFINE_string(
    "output",
    None,
    "File of predictions: .csv or .jsonl (JSON lines). In a .csv file a row's labels are joined by "
    "'|'; inside a label it is written '\\|', and a backslash '\\\\'. For images: a new folder of "
    "masks.",
)
flags.DEFINE_string(
    "known",
    None,
    "File of known labels, one row per input row: a table as for --input, or .npz. For images: a "
    "folder of strokes, PNG files with the images' names, transparent where nothing is known.",
)
flags.DEFINE_integer(
    "steps", None, "Number of inference steps; by default as trained.", lower_bound=0
)


def main(options):
    from alen_tf.cli import opened
    from alen_tf.errors import UserError
    from alen_tf.serving import image_files as masks
    from alen_tf.serving import tables as predictions

    for name in ("workdir", "input", "output"):
        if not options[name].value:
            raise UserError(f"name a path with --{name}")
    model = opened.load(options.workdir, options.steps)
    of_images = model.signature.of_images
    predict = masks.predict_images if of_images else predictions.predict_file
    count = predict(model, options.input, options.output, options.known, options.steps)
    print(f"{options.output}: {count} {'masks' if of_images else 'rows'}")


def run():
    """The console script."""
    command_line.run(main)


if __name__ == "__main__":
    run()
