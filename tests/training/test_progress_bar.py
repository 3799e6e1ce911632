import io
import sys

import pytest

from alen_tf.training import progress_bar


class Stream(io.StringIO):
    def __init__(self, terminal):
        super().__init__()
        self._terminal = terminal

    def isatty(self):
        return self._terminal


@pytest.fixture
def printed(monkeypatch):
    def printed(terminal):
        monkeypatch.setattr(sys, "stdout", stream := Stream(terminal))
        bar = progress_bar.ProgressBar(40)
        for epoch in range(1, 41):
            bar.update(epoch, {"energy_loss": 0.5 / epoch, "validation": epoch / 40})
        return stream.getvalue()

    return printed


def test_a_log_has_plain_lines_of_the_first_and_the_last_epoch(printed):
    assert printed(terminal=False).splitlines() == [
        "epoch 1/40, 0 s: energy_loss 0.5, validation 0.025",
        "epoch 40/40, 0 s: energy_loss 0.0125, validation 1",
    ]


def test_a_log_has_a_line_every_few_seconds(printed, monkeypatch):
    monkeypatch.setattr(progress_bar, "LOG_SECONDS", 0.0)
    assert len(printed(terminal=False).splitlines()) == 40


def test_a_terminal_has_a_bar(printed):
    last = printed(terminal=True).split("\r")[-1]
    assert "40/40" in last
    assert "━" in last
    assert "validation: 1.0" in last  # not the mean over epochs
