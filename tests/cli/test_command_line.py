import pytest
import tensorflow as tf

from alen_tf.cli import command_line
from alen_tf.errors import ConfigError
from tests.commands import assert_one_clear_line, run


@pytest.fixture
def said(monkeypatch, capsys):
    """Runs a command whose work is a function; what it says on stderr as it fails."""

    def said(work):
        monkeypatch.setattr(command_line.app, "run", lambda main: main(["command"]))
        with pytest.raises(SystemExit) as left:
            command_line.run(lambda flags: work())
        assert left.value.code == 1
        return capsys.readouterr().err

    return said


def test_a_mistake_is_one_line(said):
    def mistaken():
        raise ConfigError("a.gin:3: wrong\n  In call to configurable 'train'")

    assert said(mistaken) == "error: a.gin:3: wrong\n"


def test_memory_that_is_not_there_is_one_line(said):
    line = said(lambda: tf.zeros((1000, 10**15)))
    assert line.startswith("error: OOM when allocating tensor with shape[1000,1000000000000000] ")
    assert line.endswith(": choose smaller networks or batches\n")


def test_a_defect_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(command_line.app, "run", lambda main: main(["command"]))
    with pytest.raises(ZeroDivisionError):
        command_line.run(lambda flags: 1 / 0)


@pytest.mark.parametrize(
    ("param", "parts"),
    [
        ("MLP.hidden_units = 10**12", ["MLP.hidden_units = 10**12"]),  # no literal for gin
        ("MLP.hidden_units = 1000000000000", ["inference_network (MLP)", "[32,1000000000000]"]),
        ("MLPEnergy.hidden_units = 1000000000000", ["energy (MLPEnergy)", "[32,1000000000000]"]),
    ],
)
def test_a_width_that_cannot_be_allocated_is_one_clear_line(tmp_path, param, parts):
    options = ["--gin_file=gin/digits/alen.gin", f"--workdir={tmp_path / 'run'}"]
    assert_one_clear_line(run("train", *options, f"--gin_param={param}"), *parts)
