"""The pages: links lead somewhere, the reference names all, and they build without a warning."""

import ast
import importlib.util
import re
import subprocess
import sys

import pytest

import alen_tf
from alen_tf.cross_fitting import network, refined
from alen_tf.objectives import oracles
from alen_tf.training import renamed
from tests.commands import ROOT

REFERENCE = "\n".join(path.read_text() for path in (ROOT / "docs" / "reference").glob("*.md"))
GUIDES = sorted((ROOT / "docs" / "guide").glob("*.md"))
NOTEBOOKS = sorted((ROOT / "docs" / "tutorials").glob("*.ipynb"))
PAGES = sorted(
    path
    for folder in (
        ROOT,
        ROOT / "docs",
        ROOT / "experiments",
        ROOT / "third_party",
        ROOT / ".github",
    )
    for path in folder.glob("*.md" if folder == ROOT else "**/*.md")
)
needs_sphinx = pytest.mark.skipif(
    not importlib.util.find_spec("sphinx"), reason="needs pip install -e '.[docs]', on Python 3.11"
)


def anchors(text):
    """The anchors of headings as GitHub and MyST make them."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    found = set()
    for heading in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE):
        heading = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", heading)
        found.add(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-"))
    return found


def broken(path, text):
    """Relative links of a page that lead to no file, or to no heading of one."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", text)):
        if re.match(r"https?:|mailto:", link):
            continue
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        found = target.exists()
        if found and anchor and target.suffix == ".md":
            found = anchor in anchors(target.read_text(encoding="utf-8"))
        if not found:
            yield link


@pytest.mark.parametrize("path", [*PAGES, *NOTEBOOKS], ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    assert list(broken(path, path.read_text(encoding="utf-8"))) == []


def test_a_broken_link_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# One\n[a](page.md#one) [b](#two) [c](none.md) [d](https://none.invalid)\n")
    assert list(broken(page, page.read_text())) == ["#two", "none.md"]


@pytest.mark.parametrize("name", alen_tf.__all__)
def test_reference_has_public_names(name):
    assert re.search(rf":: alen_tf\.{name}$", REFERENCE, flags=re.MULTILINE)


def registered():
    """Public networks, ascents, spaces and objectives: what gin files and Keras know by name."""
    for room in ("networks", "inference", "objectives"):
        for path in sorted((ROOT / "alen_tf" / room).glob("*.py")):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                marks = map(ast.unparse, getattr(node, "decorator_list", ()))
                if "gin.register" in set(marks):
                    yield node.name


@pytest.mark.parametrize("name", [*registered(), *oracles.ORACLES])
def test_reference_has_what_gin_files_name(name):
    assert re.search(rf"\b{name}\b", REFERENCE)


@pytest.mark.parametrize(
    "name", [name for name in vars(alen_tf.ALENClassifier) if not name.startswith("_")]
)
def test_reference_has_methods_of_the_estimator(name):
    text = (ROOT / "docs" / "reference" / "estimator.md").read_text()
    assert name.startswith("set_") or re.search(rf"\b{name}\b", text)  # of metadata routing


@pytest.mark.slow
@needs_sphinx
def test_pages_build_without_a_warning(tmp_path):
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", "docs", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert "ALENClassifier" in (tmp_path / "reference" / "estimator.html").read_text()


@pytest.mark.slow
@needs_sphinx
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_tutorials_run(path, tmp_path):
    command = [sys.executable, "-m", "jupyter", "execute", "--timeout=1200", str(path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=1500)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_small(path):
    assert path.stat().st_size < 100_000


@pytest.mark.slow
@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_guide_runs(path, monkeypatch):
    for module in (network, refined):
        monkeypatch.setattr(module, "STEPS", (100, 100))
    found = {}
    for code in re.findall(
        r"^```python\n(.*?)^```$", path.read_text(), flags=re.MULTILINE | re.DOTALL
    ):
        exec(code, found)


def test_changelog_has_every_name_that_changed():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    for _, parameter, now in renamed._PARAMETERS:
        for old in parameter.split("|"):
            assert re.search(rf"\.{old}\b", text), old
        assert now.split()[0].strip(",:").rpartition(".")[2] in text
    for names in renamed._CONFIGURABLES.items():
        assert all(f"`@{name}`" in text for name in names)


def test_version_is_the_same_everywhere():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.+)$", citation, flags=re.MULTILINE)[1] == alen_tf.__version__
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## (\S+)$", changelog, flags=re.MULTILINE)[1] == alen_tf.__version__


def test_issues_have_templates():
    for name in ("bug_report", "question", "data_set", "feature_request", "result"):
        text = (ROOT / ".github" / "ISSUE_TEMPLATE" / f"{name}.md").read_text(encoding="utf-8")
        assert re.match(r"---\nname: .+\nabout: .+\nlabels: .+\n---\n", text), name
