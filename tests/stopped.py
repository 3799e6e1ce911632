"""An interruption at a place of a training that a test chooses."""

import signal

from alen_tf.training.interruption import Interruption


class Stop(Interruption):
    """An interruption that comes when it is asked for the `polls`-th time."""

    def __init__(self, polls):
        super().__init__()
        self._polls = polls

    def __bool__(self):
        self._polls -= 1
        self.signal = signal.SIGTERM
        return self._polls <= 0
