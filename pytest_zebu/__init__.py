"""Decide from evidence whether a Zebu deployment is ready for production."""

__version__ = "0.1.0"
