"""A wheel, away from the repository: it brings its gin files, and commands that find them."""

import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.commands import ENVIRONMENT, ROOT

SOURCES = ("alen_tf", "gin", "setup.py", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with what the wheel installs, but for what it requires."""
    folder = tmp_path_factory.mktemp("wheel")
    (folder / "source").mkdir()
    for name in SOURCES:  # a copy, so that nothing is built in the repository
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / "source" / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), str(folder / "source")]
    subprocess.run(build, check=True, timeout=300)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder / "site")
    return folder / "site"


@pytest.fixture
def run(installed, tmp_path):
    """Runs Python in an empty folder, where only what is installed can be found."""

    def run(*options):
        environment = ENVIRONMENT | {"PYTHONPATH": str(installed)}
        return subprocess.run(
            [sys.executable, *map(str, options)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        ).stdout

    return run


def test_metadata(installed):
    (distribution,) = importlib.metadata.distributions(path=[str(installed)])
    metadata = distribution.metadata
    assert metadata["Author"]
    assert "Typing :: Typed" in metadata.get_all("Classifier")
    assert (installed / "alen_tf" / "py.typed").is_file()
    scripts = {each.name: each.value for each in distribution.entry_points}
    commands = ("train", "evaluate", "predict", "export", "shards")
    assert scripts == {f"alen-{name}": f"alen_tf.{name}:run" for name in commands}
    description = metadata.get_payload()
    assert "Structured prediction" in description
    assert "](docs/" in (ROOT / "README.md").read_text(encoding="utf-8")  # dead links elsewhere
    links = re.findall(r"\]\(([^)]*)\)", description)
    assert all(re.match(r"https?://|#", link) for link in links), links


def test_every_configuration_is_found_from_any_folder(run, installed):
    files = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "gin").rglob("*.gin"))
    code = f"""
import alen_tf
from alen_tf.training import config, trainer
assert alen_tf.__file__.startswith({str(installed)!r}), alen_tf.__file__
for file in {files}:
    config.parse([file])
print("parsed")
"""
    assert run("-c", code).strip() == "parsed"
    listed = run("-m", "alen_tf", "--list").splitlines()
    assert [line.strip() for line in listed if line.startswith("  gin/")] == files


@pytest.mark.slow
def test_a_model_is_trained_and_exported_in_any_folder(run, tmp_path):
    options = ("--gin_file=gin/digits/alen.gin", "--gin_param=train.epochs = 1", "--workdir=run")
    run("-m", "alen_tf.train", *options)
    assert json.loads((tmp_path / "run" / "results.json").read_text())["dataset"] == "digits"
    run("-m", "alen_tf.export", "--workdir=run", "--output=model")
    assert (tmp_path / "model" / "saved_model.pb").is_file()
