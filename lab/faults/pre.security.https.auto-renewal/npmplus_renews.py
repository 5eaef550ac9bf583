"""Odd but right: NPMplus renews in its own process; there is no timer to find."""

flips: set[str] = set()
settings: tuple[tuple[str, str], ...] = (('ssh = "proxy"\n', ""),)
