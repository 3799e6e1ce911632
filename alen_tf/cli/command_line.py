"""What all commands share: flags, and one-line errors for users' mistakes."""

import contextlib
import os
import sys

from absl import app, flags, logging

from alen_tf import startup
from alen_tf.errors import Interrupted, UserError, without_place

logging.set_verbosity(logging.WARNING)  # not a line per checkpoint
flags.DEFINE_string("workdir", None, "Folder of the run: configuration, checkpoints, results.")
flags.DEFINE_string(
    "manual_dir", None, "Folder with one subfolder per data set, which holds its original files."
)
flags.DEFINE_string("data_dir", None, "Folder of prepared data sets; by default that of TFDS.")


def run(main):
    """Runs `main(flags)`; a `UserError` becomes one line on stderr and exit status 1.

    Args:
      main: function of absl's parsed flags; it imports what it needs, so that `--help` is quick.
    """

    def guarded(argv):
        try:
            if len(argv) > 1:
                raise UserError(f"unexpected argument {argv[1]!r}; options start with --")
            startup.start()
            import tensorflow as tf

            for gpu in tf.config.list_physical_devices("GPU"):
                tf.config.experimental.set_memory_growth(gpu, True)  # leave others their share
            try:
                main(flags.FLAGS)
            except tf.errors.ResourceExhaustedError as error:
                reason = without_place(error.message)
                raise UserError(f"{reason}: choose smaller networks or batches") from error
            except (tf.errors.DataLossError, tf.errors.OutOfRangeError) as error:
                # Of a shard, found while training reads it.
                reason = without_place(error.message)
                raise UserError(f"{reason}: write the shards again") from error
        except KeyboardInterrupt:
            _leave("stopped by SIGINT", 130)
        except UserError as error:
            line = str(error).splitlines()[0]  # gin adds lines of its own
            if isinstance(error, Interrupted):
                _leave(f"\n{line}", error.status)
            print(f"error: {line}", file=sys.stderr)
            sys.exit(1)

    app.run(guarded)


def _leave(line, status):
    """Prints the last line and ends the process at once: an orderly exit takes TensorFlow apart,
    which may take longer than the sender of the signal waits."""
    print(line, file=sys.stderr, flush=True)
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os._exit(status)
