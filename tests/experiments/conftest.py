import shutil

import pytest

from tests.commands import ROOT


@pytest.fixture
def copy(tmp_path):
    """A copy of what the experiments read, where they may write their records."""
    for name in ("alen_tf", "docs", "experiments", "gin", "third_party"):
        shutil.copytree(ROOT / name, tmp_path / "copy" / name)
    shutil.copy(ROOT / "README.md", tmp_path / "copy")
    return tmp_path / "copy"
