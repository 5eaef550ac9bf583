"""The rehearsal of the renewal failed: nobody answers at the authority's address."""

from lab.deployment import Lab

flips: set[str] = {"post.monitoring.tls.renewal-tested"}
touches: set[str] = {"renewal"}


def inject(lab: Lab) -> None:
    lab.rehearse_renewal(port=1, check=False)


def mend(lab: Lab) -> None:
    lab.rehearse_renewal()
