"""Odd but right: the names lead elsewhere first; the proxy's own certificates are judged too, at its own address."""

flips: set[str] = set()
right_for = {
    "pre.security.https.certificate",
    "deploy.frontend.certificate",
    "deploy.network.domain",
    "deploy.frontend.https",
}
touches: set[str] = {"domains"}
settings: tuple[tuple[str, str], ...] = (("[domains]\n", '[domains]\norigin = "10.77.0.20"\n'),)
