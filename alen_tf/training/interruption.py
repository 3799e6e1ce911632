"""SIGINT and SIGTERM: a wish to stop that training asks for, and an end that does not wait long.

Python runs signal handlers between two of its instructions, and a compiled function may take
minutes between two of them. So a thread of its own waits for signals: it ends the process if the
wish is not met in time, and at once on a second SIGINT. Whatever is being written then has not
appeared under its final name yet; see `alen_tf.training.workdir`.
"""

import contextlib
import os
import signal
import threading

from alen_tf.errors import Interrupted

PATIENCE = 4.0  # seconds between the signal and the end


class Interruption:
    """The signal that asked for an end, if any."""

    def __init__(self):
        self.signal = None
        self._deadline = None

    def __bool__(self):
        return self.signal is not None

    def start(self, number):
        """Takes the first signal: from now on the end is at most `PATIENCE` away."""
        self.signal = number
        how = "in the middle of work, with what was saved last"
        self._deadline = threading.Timer(PATIENCE, self.leave, [how])
        self._deadline.daemon = True
        self._deadline.start()

    def leave(self, how):
        """Ends the process here and now."""
        error = self.error(f"left {how}; the same command resumes")
        os.write(2, f"\n{error}\n".encode())
        os._exit(error.status)

    def end(self):
        """Lets the process live."""
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
        signal.signal(number, lambda *_: None)  # the pipe below is told of it
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
            interruption.leave("at once, with what was saved last")
