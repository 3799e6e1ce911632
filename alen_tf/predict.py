"""Predicts for a file: python -m alen_tf.predict --workdir=DIR --input=FILE --output=FILE."""

from absl import flags

from alen_tf import command_line

flags.adopt_module_key_flags(command_line)
flags.DEFINE_string("input", None, "File of rows: .arff, .csv, .parquet, .npz, .svm or .libsvm.")
flags.DEFINE_string("output", None, "File of predictions: .csv or .jsonl (JSON lines).")
flags.DEFINE_string("known", None, "File of known labels, a row per row: .csv, .parquet or .npz.")
flags.DEFINE_integer("steps", None, "Inference steps; as trained by default.", lower_bound=0)


def main(options):
    import pathlib

    from alen_tf import predictions, trained
    from alen_tf.datasets.rows import read_inputs, read_known
    from alen_tf.errors import UserError
    from alen_tf.workdir import write

    for name in ("workdir", "input", "output"):
        if not options[name].value:
            raise UserError(f"name a path with --{name}")
    as_text = predictions.format_of(options.output)
    model = trained.load(options.workdir)
    x = read_inputs(options.input, model.interface)
    known = read_known(options.known, model.interface) if options.known else None
    prediction = model(x, options.steps, known, source=options.input)
    write(pathlib.Path(options.output), as_text(prediction, model.interface.label_names))
    print(f"{options.output}: {len(x)} rows")


if __name__ == "__main__":
    command_line.run(main)
