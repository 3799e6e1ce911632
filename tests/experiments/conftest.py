import pathlib
import shutil

import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent


@pytest.fixture
def copy(tmp_path):
    """A copy of what the experiments read, where they may write their records."""
    for name in ("alen_tf", "docs", "experiments", "gin", "third_party"):
        shutil.copytree(ROOT / name, tmp_path / "copy" / name)
    shutil.copy(ROOT / "README.md", tmp_path / "copy")
    return tmp_path / "copy"
