"""What all command lines share: quiet logs, flags, and one line for a user's mistake."""

import contextlib
import os
import sys
import tempfile

from absl import app, flags, logging

from alen_tf.errors import Interrupted, UserError

logging.set_verbosity(logging.WARNING)  # not a line per checkpoint
flags.DEFINE_string("workdir", None, "Folder of the run: configuration, checkpoints, results.")
flags.DEFINE_string(
    "manual_dir", None, "Folder with a folder per data set with its source's files."
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
            with _quiet_start():
                import tensorflow as tf

                for gpu in tf.config.list_physical_devices("GPU"):
                    tf.config.experimental.set_memory_growth(gpu, True)  # leave others their share
            main(flags.FLAGS)
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
    """Says the last line and ends the process here: taking TensorFlow apart, as the interpreter
    does at its end, may take longer than whoever sent the signal waits."""
    print(line, file=sys.stderr, flush=True)
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os._exit(status)


@contextlib.contextmanager
def _quiet_start():
    """Holds back what TensorFlow's native code writes while it starts, unless it fails.

    Its notes on processors and drivers do not obey its log level; setting TF_CPP_MIN_LOG_LEVEL to
    any value shows them.
    """
    if "TF_CPP_MIN_LOG_LEVEL" in os.environ:
        yield
        return
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    with tempfile.TemporaryFile() as held:
        stderr = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(stderr, held.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
