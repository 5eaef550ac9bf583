"""What both suites share: the lab carries tests of the application, which are not ours to collect."""

from __future__ import annotations

import pytest

collect_ignore = ["lab"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Pytest 8 has these as options only: let it know the keys of the ini file too."""
    if pytest.version_tuple < (9,):
        for key in ("strict_markers", "strict_config"):
            parser.addini(key, "an option of pytest 8", type="bool", default=False)
