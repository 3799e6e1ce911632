"""Sphinx: python -m sphinx -W -b html docs build/docs."""

import inspect
import re

import alen_tf
from alen_tf import startup

startup.start()  # suppresses TensorFlow's messages; autodoc imports it

project = "alen_tf"
author = "The alen_tf authors"
copyright = author
release = version = alen_tf.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
exclude_patterns = ["**.ipynb_checkpoints"]
# Documents outside this folder, and the pages that include them.
OUTSIDE = {
    "experiments/README": "experiments",
    "CONTRIBUTING": "contributing",
    "CHANGELOG": "changelog",
}
html_theme = "furo"
html_title = "alen_tf"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
smartquotes_action = "D"  # only dashes: quoted texts are code

# Pages are plain Markdown, so that they read well in the repository too.
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
nb_execution_mode = "off"  # tests/docs executes the notebooks
nb_merge_streams = True

# Docstrings are in Google style, and describe a constructor's arguments at the constructor.
default_role = "code"
autoclass_content = "both"
autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True


def link_inside(app, docname, source):
    """Links to documents outside lead to the pages that include them, or become plain text."""
    del app
    up = "../" * docname.count("/")
    for outside, page in OUTSIDE.items():
        source[0] = re.sub(rf"\]\({up}\.\./{outside}\.md", f"]({up}{page}.md", source[0])
    source[0] = re.sub(rf"\[([^\]]+)\]\({up}\.\./[^)]+\.md[^)]*\)", r"\1", source[0])


def unbroken(app, docname, source):
    """A score and its spread stay on one line, also in a phone's narrow columns."""
    del app, docname
    source[0] = re.sub(r"(?<=\d) ± (?=\d)", "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}", source[0])


def escape(app, what, name, obj, options, lines):
    """Docstrings are plain text: stars and bars in their formulas are not markup."""
    del app, what, name, obj, options
    for number, line in enumerate(lines):
        parts = re.split("(`[^`]*`)", line)
        parts[::2] = [re.sub(r"([*|])", r"\\\1", part) for part in parts[::2]]
        lines[number] = "".join(parts)


def escape_attributes(app, what, name, obj, options, lines):
    """`classes_` is a name that ends in an underscore, not a link to "classes"."""
    del app, what, name, obj, options
    lines[:] = [re.sub(r"^(:ivar \w+)_:", r"\1\\_:", line) for line in lines]


def constructor(app, what, name, obj, options, signature, returned):
    """The arguments of a model's constructor, which Keras hides behind its own."""
    del app, name, options, returned
    if what == "class" and signature == "(*args, **kwargs)":
        _, *parameters = inspect.signature(obj.__init__).parameters.values()
        parameters = [each.replace(annotation=each.empty) for each in parameters]
        return str(inspect.Signature(parameters)), None
    return None


def setup(app):
    app.connect("source-read", link_inside)
    app.connect("source-read", unbroken)
    app.connect("autodoc-process-signature", constructor)
    app.connect("autodoc-process-docstring", escape, priority=400)  # before napoleon
    app.connect("autodoc-process-docstring", escape_attributes, priority=600)  # after it
