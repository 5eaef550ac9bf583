"""Parsers, with recorded outputs."""
