"""Predicts for a file: python -m alen_tf.predict --workdir=DIR --input=FILE --output=FILE."""

from absl import flags

from alen_tf import command_line

flags.adopt_module_key_flags(command_line)
flags.DEFINE_string("input", None, "File of rows: .arff, .csv, .parquet, .npz, .svm or .libsvm.")
flags.DEFINE_string("output", None, "File of predictions: .csv or .jsonl (JSON lines).")
flags.DEFINE_string("known", None, "File of known labels, a row per row: .csv, .parquet or .npz.")
flags.DEFINE_integer("steps", None, "Inference steps; as trained by default.", lower_bound=0)


def main(options):
    from alen_tf import predictions, trained
    from alen_tf.errors import UserError

    for name in ("workdir", "input", "output"):
        if not options[name].value:
            raise UserError(f"name a path with --{name}")
    predictions.check_name(options.output)
    model = trained.load(options.workdir)
    rows = predictions.predict_file(
        model, options.input, options.output, options.known, options.steps
    )
    print(f"{options.output}: {rows} rows")


if __name__ == "__main__":
    command_line.run(main)
