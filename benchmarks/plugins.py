"""With which plugins pytest runs here: those that the package brings along, as with who has installed nothing else.

A development environment has neighbours, which load themselves, and take as much again of each item.
"""

from __future__ import annotations

ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
PLUGINS = tuple(word for name in ("zebu", "xdist", "html", "metadata", "pytest11.testinfra") for word in ("-p", name))
