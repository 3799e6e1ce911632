"""The gallery shows pictures that are there, each under a command that makes it."""

import re

from tests.commands import ROOT


def test_every_picture_is_there_and_names_its_command():
    text = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    sections = text.split("\n## ")[1:]
    assert len(sections) >= 8
    for section in sections:
        (picture,) = re.findall(r"!\[[^\]]+\]\((\S+)\)", section)
        (module,) = re.findall(r"^`python -m ([\w.]+)", section, flags=re.MULTILINE)
        assert (ROOT / "docs" / picture).read_bytes().startswith(b"\x89PNG")
        source = (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")
        if module.startswith("experiments"):
            assert picture.removesuffix(".png") in source
