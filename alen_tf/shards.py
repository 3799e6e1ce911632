"""Writes shards for training on more rows than memory holds: python -m alen_tf.shards
--input=FILE --output=DIR."""

from absl import flags

from alen_tf.cli import command_line

flags.DEFINE_multi_string(
    "input", [], "File of rows in libsvm format, also as .gz; may be repeated."
)
flags.DEFINE_string("output", None, "Folder to make, for gin/own/sharded.gin.")
flags.DEFINE_integer("held_out", 2000, "Rows to hold out for validation, and as many for testing.")
flags.DEFINE_integer("rows_per_file", 20_000, "Mean number of rows of a training file.")
flags.DEFINE_integer("seed", 0, "Seed for drawing held-out rows and the file of each training row.")


def main(options):
    from alen_tf.datasets import shard_writer
    from alen_tf.errors import UserError

    if not options.output:
        raise UserError("name a folder with --output")
    rows = shard_writer.write(
        options.input, options.output, options.held_out, options.rows_per_file, options.seed
    )
    print(f"{options.output}: {rows:,} rows to learn from")


def run():
    """The console script."""
    command_line.run(main)


if __name__ == "__main__":
    run()
