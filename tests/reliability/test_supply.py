"""Supply: what the package needs is bounded, and what it downloads is checked."""

import ast
import importlib
import importlib.metadata
import pathlib
import pkgutil
import re
import subprocess
import sys

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from alen_tf import datasets

from .conftest import ROOT


@pytest.fixture(scope="module")
def declared():
    """The requirements of setup.py, those of the extras included."""
    (call,) = (
        node
        for node in ast.walk(ast.parse((ROOT / "setup.py").read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "setuptools.setup"
    )
    found = {keyword.arg: keyword.value for keyword in call.keywords}
    extras = ast.literal_eval(found["extras_require"])
    lists = [ast.literal_eval(found["install_requires"]), *extras.values()]
    return [Requirement(text) for requirements in lists for text in requirements]


@pytest.fixture(scope="module")
def constraints():
    """The exact versions that were tested, by name; of some packages one per version of Python."""
    pins = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if not line.startswith("#"):
            pin = Requirement(line)
            (exactly,) = pin.specifier
            pins.setdefault(normal(pin.name), []).append(Version(exactly.version))
    return pins


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.promise(
    "Supply: every dependency has a lower and an upper bound, and a tested version"
)
def test_dependencies_are_bounded(declared, constraints, faults):
    assert len(declared) > 12
    for requirement in declared:
        bounds = {specifier.operator for specifier in requirement.specifier}
        assert bounds == {">=", "<"}, requirement
        assert all(pin in requirement.specifier for pin in constraints[normal(requirement.name)])
        faults()


@pytest.mark.promise("Supply: pip check finds no conflict")
def test_installed_packages_fit_together(faults):
    done = subprocess.run(
        [sys.executable, "-m", "pip", "check"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout
    faults()


def test_installed_versions_are_within_bounds(declared):
    for requirement in declared:
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            continue
        assert version in requirement.specifier, requirement


@pytest.mark.promise("Supply: downloads are over HTTPS, and their SHA-256 is checked")
def test_downloads_are_checked(faults):
    for module in pkgutil.walk_packages(datasets.__path__, f"{datasets.__name__}."):
        source = pathlib.Path(module.module_finder.find_spec(module.name).origin).read_text()
        if "dl_manager.download" in source:
            loaded = vars(importlib.import_module(module.name))
            urls = [value for name, value in loaded.items() if name.endswith("_URL")]
            urls += loaded["urls"]().values() if "urls" in loaded else []
            digests = re.findall(r'"([0-9a-f]{64})"', source)
            assert "tags.verify(" in source
            assert len(digests) >= len(urls) > 0
            assert all(url.startswith("https://") for url in urls)
            faults(len(urls))
