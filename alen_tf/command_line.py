"""What all command lines share: quiet logs, flags, and one line for a user's mistake."""

import os
import sys

# Before TensorFlow is imported: its start-up notes about the machine are not for the user.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

from absl import app, flags, logging

from alen_tf.errors import UserError

logging.set_verbosity(logging.WARNING)  # not a line per checkpoint

flags.DEFINE_string(
    "workdir", None, "Folder of the run: configuration, checkpoints, events, results."
)
flags.DEFINE_string(
    "manual_dir", None, "Folder with one folder per data set, holding its source's files."
)
flags.DEFINE_string("data_dir", None, "Folder of prepared data sets; TFDS's default if not given.")


def run(main):
    """Runs `main(flags)`; a `UserError` becomes one line on stderr and exit status 1.

    Args:
      main: function of absl's parsed flags; it imports what it needs, so that `--help` is quick.
    """

    def guarded(argv):
        try:
            if len(argv) > 1:
                raise UserError(f"unexpected argument {argv[1]!r}; options start with --")
            main(flags.FLAGS)
        except UserError as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(1)

    app.run(guarded)
