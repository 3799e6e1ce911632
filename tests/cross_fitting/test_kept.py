import signal

import pytest

from alen_tf.cross_fitting import kept
from alen_tf.errors import Interrupted, WorkdirError
from alen_tf.training.interruption import Interruption
from alen_tf.training.workdir import Workdir


@pytest.fixture
def workdir(tmp_path):
    with Workdir(tmp_path / "run").locked() as held:
        yield held


def path_of(workdir, name):
    return workdir.path / "checkpoints" / f"{name}.joblib"


def test_things_are_made_once(workdir):
    made = []
    for _ in range(2):
        keep = kept.Kept(workdir, None)
        assert keep("one", lambda: made.append(1) or "a thing") == "a thing"
        assert keep.seconds >= 0
    assert made == [1]
    keep("two", lambda: 2)
    keep.forget_all_but("two")
    assert not path_of(workdir, "one").exists()
    assert kept.load(path_of(workdir, "two"))[0] == 2


def test_seconds_of_parts_count_in_whichever_process(workdir, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(kept.time, "monotonic", lambda: now[0])

    def work(seconds):
        now[0] += seconds

    kept.Kept(workdir, None)("part", lambda: work(5.0))
    keep = kept.Kept(workdir, None)

    def whole():
        keep("part", lambda: work(100.0))
        keep("other", lambda: work(2.0))
        work(1.0)

    keep("whole", whole)
    assert keep.seconds == 8.0


def test_nothing_is_kept_of_what_failed(workdir):
    with pytest.raises(ZeroDivisionError):
        kept.Kept(workdir, None)("one", lambda: 1 / 0)
    assert list(workdir.path.glob("checkpoints/*")) == []
    path_of(workdir, "one").write_bytes(b"no pickle")
    with pytest.raises(WorkdirError, match=r"one.joblib is damaged"):
        kept.Kept(workdir, None)("one", lambda: 1)


def test_an_interruption_comes_between_two_things(workdir):
    stop = Interruption()
    keep = kept.Kept(workdir, stop)
    with pytest.raises(Interrupted, match="is saved after one; the same command resumes"):
        keep("one", lambda: setattr(stop, "signal", signal.SIGTERM))
    assert keep("one", lambda: 1 / 0) is None  # what was made is there
    with pytest.raises(Interrupted, match="is saved before two; the same command resumes"):
        keep("two", lambda: 1 / 0)
