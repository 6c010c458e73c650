"""The documentation's build: `tests/run docs`, or `sphinx-build docs build/docs` with the package installed."""

import duetime

project = "duetime"
author = "the duetime authors"
release = version = duetime.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.doctest", "sphinx.ext.viewcode"]

html_theme = "furo"
html_title = f"duetime {release}"
exclude_patterns = ["adding_*.md"]  # for those who work on duetime, in the repository

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
# Pages link to files of the repository, which are no pages here.
suppress_warnings = ["myst.xref_missing"]

autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "undoc-members": False, "show-inheritance": True}
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_mock_imports = ["gevent", "PyQt5", "PyQt6", "PySide2", "PySide6", "tornado", "twisted"]

# Examples in docstrings are run by tests/python/test_doctests.py, each in its own module.
doctest_test_doctest_blocks = ""
doctest_global_setup = """
from datetime import datetime, timedelta, timezone
"""
