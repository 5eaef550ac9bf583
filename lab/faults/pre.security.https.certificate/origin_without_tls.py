"""What stands in front has good certificates; the origin behind it answers no handshake."""

flips: set[str] = {"pre.security.https.certificate", "pre.infrastructure.port-forwarding"}
touches: set[str] = {"domains"}
settings: tuple[tuple[str, str], ...] = (("[domains]\n", '[domains]\norigin = "10.77.0.30"\n'),)
