"""This machine's own addresses."""

from __future__ import annotations
