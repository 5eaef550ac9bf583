"""Staging's name is one of production's."""

flips: set[str] = {"pre.application.functionality.staging"}
options: tuple[str, ...] = ("--zebu-active=functional",)
touches: set[str] = {"domains"}
settings: tuple[tuple[str, str], ...] = (("[domains]\n", '[domains]\nstaging = "api.zebu.test"\n'),)
