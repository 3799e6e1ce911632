"""The progress of a run: a bar on a terminal, plain lines in a log."""

import sys
import time

import keras

LOG_SECONDS = 5.0  # between lines of a log


class ProgressBar:
    """Shows the epochs of a run and the scalars of the last one."""

    def __init__(self, epochs):
        """Begins at the first line.

        Args:
          epochs: of the whole run.
        """
        self._epochs = epochs
        self._began, self._shown_at = time.monotonic(), None
        # Keras's bar is drawn with control codes, which only a terminal understands.
        self._bar = (
            keras.utils.Progbar(epochs, interval=0.1, unit_name="epoch")
            if sys.stdout.isatty()
            else None
        )

    def update(self, epoch, scalars):
        """Shows that `epoch` epochs have ended, the last one with these scalars, {name: number}."""
        if self._bar:
            self._bar.stateful_metrics |= scalars.keys()  # as they are, not averaged over epochs
            self._bar.update(epoch, list(scalars.items()))
            return
        now = time.monotonic()
        recent = self._shown_at is not None and now - self._shown_at < LOG_SECONDS
        if recent and epoch < self._epochs:
            return
        self._shown_at = now
        values = ", ".join(f"{name} {value:.4g}" for name, value in scalars.items())
        seconds = f"{now - self._began:.0f} s"
        print(f"epoch {epoch}/{self._epochs}, {seconds}: {values}", flush=True)
