import re

import pytest
import tensorflow as tf

from alen_tf.cli import command_line
from alen_tf.errors import ConfigError
from tests.commands import assert_one_clear_line, run


@pytest.fixture
def said(monkeypatch, capsys):
    """Runs a command whose work is a function; what it says on stderr as it fails."""

    def said(work, *arguments):
        monkeypatch.setattr(command_line.app, "run", lambda main: main(["command", *arguments]))
        with pytest.raises(SystemExit) as left:
            command_line.run(lambda flags: work())
        assert left.value.code == 1
        return capsys.readouterr().err

    return said


def test_a_mistake_is_one_line(said):
    def mistaken():
        raise ConfigError("a.gin:3: wrong\n  In call to configurable 'train'")

    assert said(mistaken) == "error: a.gin:3: wrong\n"


def test_an_argument_that_is_no_option_is_one_line(said):
    line = said(lambda: None, "surprise")
    assert line == "error: unexpected argument 'surprise'; options start with --\n"


def test_memory_that_is_not_there_is_one_line(said):
    """In the words of TensorFlow, which first waits ten seconds, as in the command below."""

    def starved():
        raise tf.errors.ResourceExhaustedError(
            None,
            None,
            "{{function_node __wrapped__Fill_device_/job:localhost/replica:0/task:0/device:CPU:0}} "
            "OOM when allocating tensor with shape[1000,9] and type float on "
            "/job:localhost/replica:0/task:0/device:CPU:0 by allocator mklcpu [Op:Fill] name: \n\n",
        )

    assert said(starved) == (
        "error: OOM when allocating tensor with shape[1000,9] and type float: choose smaller "
        "networks or batches\n"
    )


def test_a_defect_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(command_line.app, "run", lambda main: main(["command"]))
    with pytest.raises(ZeroDivisionError):
        command_line.run(lambda flags: 1 / 0)


@pytest.mark.parametrize(
    ("module", "shown"),
    [
        ("predict", {"workdir", "input", "output", "known", "steps"}),
        ("export", {"workdir", "output"}),
    ],
)
def test_help_shows_the_flags_that_a_command_uses(module, shown):
    text = run(module, "--help").stdout
    assert set(re.findall(r"^  --(\w+):", text, flags=re.MULTILINE)) == shown


@pytest.mark.slow
def test_a_width_that_cannot_be_allocated_is_one_clear_line(tmp_path):
    options = ["--gin_file=gin/digits/alen.gin", f"--workdir={tmp_path / 'run'}"]
    wide = (
        "--gin_param=MLPEnergy.hidden_units = 1000000",
        "--gin_param=MLPEnergy.hidden_layers = 2",
    )
    done = run("train", *options, *wide)
    assert_one_clear_line(done, "energy (MLPEnergy)", "OOM when", "[1000000,1000000] and type")
