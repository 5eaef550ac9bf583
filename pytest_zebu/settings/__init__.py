"""What is declared of a deployment: `zebu.toml` and the options, as one validated value."""

from pytest_zebu.settings.model import DEFAULT_FILE, Settings, find, read

__all__ = ["DEFAULT_FILE", "Settings", "find", "read"]
