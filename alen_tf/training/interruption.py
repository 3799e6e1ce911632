"""SIGINT and SIGTERM: training polls for a request to stop, and is ended if it does not stop soon.

Python runs signal handlers between two of its instructions, but a compiled function may run for
minutes. So a separate thread waits for signals. It ends the process if training does not stop in
time, and at once on a second SIGINT. A file that is being written then has not yet got its final
name; see `alen_tf.training.workdir`.
"""

import contextlib
import os
import signal
import threading

from alen_tf.errors import Interrupted

PATIENCE = 4.0  # seconds between the signal and the end


class Interruption:
    """The signal that requested a stop, if any."""

    def __init__(self):
        self.signal = None
        self._deadline = None

    def __bool__(self):
        return self.signal is not None

    def start(self, number):
        """Handles the first signal: from now on the process ends within `PATIENCE` seconds."""
        self.signal = number
        how = "in the middle of work, with the last saved state"
        self._deadline = threading.Timer(PATIENCE, self.leave, [how])
        self._deadline.daemon = True
        self._deadline.start()

    def leave(self, how):
        """Ends the process here and now."""
        error = self.error(f"left {how}; the same command resumes")
        os.write(2, f"\n{error}\n".encode())
        os._exit(error.status)

    def end(self):
        """Cancels the deadline."""
        if self._deadline:
            self._deadline.cancel()

    def error(self, saved):
        """The `Interrupted` to leave with; `saved` says what is in the workdir."""
        name = signal.Signals(self.signal).name
        return Interrupted(f"stopped by {name}: {saved}", 128 + self.signal)


@contextlib.contextmanager
def watched():
    """Turns SIGINT and SIGTERM into an `Interruption`, which it yields. For the main thread."""
    interruption = Interruption()
    received, sent = os.pipe()
    os.set_blocking(sent, False)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, lambda *_: None)  # the pipe below receives it
    wakeup = signal.set_wakeup_fd(sent)
    watcher = threading.Thread(target=_watch, args=(received, interruption), daemon=True)
    watcher.start()
    try:
        yield interruption
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(sent)
        watcher.join()
        interruption.end()
        os.close(received)


def _watch(received, interruption):
    """Reads the numbers of signals until the pipe is closed."""
    while number := os.read(received, 1):
        if not interruption:
            interruption.start(number[0])
        elif number[0] == signal.SIGINT:
            interruption.leave("at once, with the last saved state")
