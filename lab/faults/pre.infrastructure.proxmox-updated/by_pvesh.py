"""Odd but right: no API token; the node is asked by pvesh over ssh."""

from lab.changes import PVESH_SETTINGS, install_pvesh, remove_pvesh
from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"proxmox"}
settings: tuple[tuple[str, str], ...] = PVESH_SETTINGS


def inject(lab: Lab) -> None:
    install_pvesh(lab)


def mend(lab: Lab) -> None:
    remove_pvesh(lab)
