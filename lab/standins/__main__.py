"""Serves the stand-ins that are named, until it is ended: `python -m lab.standins CERTIFICATE NAME=STATE@ADDRESS:PORT ...`."""

from __future__ import annotations

import sys
from pathlib import Path

from lab.standins import advisories, forge, npm, prices, proxmox, signin
from lab.standins.server import serve

MAKERS = {
    "advisories": advisories.make,
    "forge": forge.make,
    "npm": npm.make,
    "prices": prices.make,
    "proxmox": proxmox.make,
    "signin": signin.make,
}


def main() -> None:
    """Serve each from a thread of its own."""
    certificate = Path(sys.argv[1])
    threads = []
    for word in sys.argv[2:]:
        name, _, rest = word.partition("=")
        state, _, place = rest.rpartition("@")
        address, _, port = place.rpartition(":")
        threads.append(serve(MAKERS[name](Path(state)), address, int(port), certificate))
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
