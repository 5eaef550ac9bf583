"""Odd but right: NPMplus renews in its own process; there is no timer to find."""

flips: set[str] = {"post.monitoring.tls.auto-renewal", "post.monitoring.tls.renewal-tested"}
outcomes: dict[str, str] = dict.fromkeys(flips, "not_assessed")
right_for = {"pre.security.https.auto-renewal"}
settings: tuple[tuple[str, str], ...] = (('ssh = "proxy"\n', ""),)
