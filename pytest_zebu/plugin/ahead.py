"""What judging and reporting need is imported while the machine is asked: nobody waits for it then."""

from __future__ import annotations

import importlib
from contextlib import suppress

from pytest_zebu.redaction import redacted

MODULES = (
    "pytest_zebu.facts.chains",
    "packaging.markers",
    "packaging.requirements",
    "yaml",
    "pytest_zebu.plugin.reporting",
)
"""Those that are large, and that nothing needs before the answers are there."""


def prepare() -> None:
    """Import them, and let the filter of secrets read its list. What does not succeed shows where it is needed."""
    for name in MODULES:
        with suppress(ImportError):
            importlib.import_module(name)
    redacted("")
