"""The reverse proxy: who serves the site's certificate and asks this machine, and what administers that."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pytest_zebu.discovery.found import Found, Seen, Unseen
from pytest_zebu.facts.answer import Answer, Known
from pytest_zebu.facts.entrance import Entrance, Place

ACCOUNT = "the mail address of an account of the proxy's administration that may look; none was tried"
PASSWORD = "that account's password alone in this file, with mode 0600"  # noqa: S105 (how a password is kept, and none)
UNTRUSTED = "its certificate is verified: give proxy.ca_file where it is its own"


def proxy(entrance: Answer[Entrance], fingerprints: Collection[str], site: str) -> Iterator[Seen]:
    """`[proxy]`: where it is and what it is. Nobody logged in anywhere.

    Args:
        entrance: what was seen in front.
        fingerprints: of the certificates that are served where the site's name leads.
        site: its name.
    """
    if not isinstance(entrance, Known):
        yield Unseen(
            "proxy.ssh", '"proxy"', f"who stands in front was not seen ({entrance}): the proxy's name in [hosts]"
        )
        return
    seen = entrance.value
    # Whoever asks may be anybody; what serves the same certificate has its key.
    serving = [
        one for one in seen.places if isinstance(one.fingerprint, Known) and one.fingerprint.value in fingerprints
    ]
    best = next(iter(sorted(serving, key=lambda one: (not one.calls, not one.is_own))), None)
    yield Unseen("proxy.ssh", '"proxy"', _where(seen, best, site))
    if administered := next((one for one in serving if one.administration), None):
        doubt = UNTRUSTED if administered.administration.startswith("https:") else ""
        yield Found("proxy.api", administered.administration, f"{administered.product} answers there", doubt)
        yield Unseen("proxy.identity", '"operations@example.org"', ACCOUNT)
        yield Unseen("proxy.password_file", '"keys/proxy.secret"', PASSWORD)
    else:
        yield Unseen(
            "proxy.api",
            '"https://192.0.2.20:81"',
            "no administration of NPMplus or Nginx Proxy Manager was seen on its port 81",
        )


def _where(seen: Entrance, best: Place | None, site: str) -> str:
    what = f" ({seen.server})" if seen.server else ""
    if best is not None and best.calls:
        return f"{best.address}{what} asks this machine, and serves {site}: its name in [hosts], for ssh as root"
    if best is not None and best.is_own:
        return f"this machine itself{what} serves {site}: its own name in [hosts]"
    if seen.network:
        return (
            f"{seen.network} answers for {site}; the proxy behind it was not seen: its name in [hosts], for ssh as root"
        )
    asking = next((one for one in seen.places if one.calls), None)
    if asking is not None:
        return f"{asking.address} asks this machine, but was not seen to serve {site}: the proxy's name in [hosts]"
    return (
        f"who{what} answers for {site} was not seen beside this machine: the proxy's name in [hosts], for ssh as root"
    )
