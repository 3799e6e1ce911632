import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parent.parent.parent


def listed(*options):
    command = [sys.executable, "-m", "alen_tf", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_commands_and_configurations_are_listed():
    assert "python -m alen_tf.train" in listed()
    assert "gin/" not in listed()
    found = listed("--list").splitlines()
    files = {line.strip() for line in found if line.strip().startswith("gin/")}
    assert files == {path.relative_to(ROOT).as_posix() for path in ROOT.glob("gin/**/*.gin")}
