"""The recorded lab: what was gathered about it, and the settings that declare it."""

from __future__ import annotations

import re
from pathlib import Path

SNAPSHOT = Path(__file__).parent / "data/lab-bookworm.json"
_TEMPLATE = Path(__file__).parents[1] / "lab/files/zebu.toml"
_PLACES = {
    "PUBLIC": "10.99.0.80", "VM": "10.77.0.10", "PROXY": "10.77.0.20", "RUNNER_WAN": "10.99.0.9", "RUNNER_LAN": "10.77.0.9",
    "NS1": "10.99.0.53", "RESOLVER1": "10.99.0.54", "RESOLVER2": "10.99.0.55", "RESOLVER3": "10.99.0.56",
}  # fmt: skip

DECLARED = """
[[attestation]]
id = "post.maintenance.capacity.costs"
statement = "reviewed with the bill"
by = "operations"
on = "2026-11-20"
evidence = [{ url = "https://wiki.example.org/bill" }]
[[waiver]]
id = "deploy.backend.api"
reason = "decided in a week"
approver = "product owner"
from = "2026-11-01"
until = "2027-01-31"
"""
"""An attestation and a waiver, which count on the day of the recording."""


def settings() -> str:
    """The lab's settings, without its authority: the recorded certificates come from one that nobody trusts by default.

    Paths of keys lead nowhere: nothing is asked again.
    """
    text = re.sub(r"@(\w+)@", lambda found: _PLACES.get(found[1], "nowhere"), _TEMPLATE.read_text())
    text = re.sub(r'(?ms)^\[\[relaxed\]\]\nkey = "tls\.ca_file".*?\n\n', "", text)
    text = re.sub(r"(?m)^(ca_file|attestations|history|incidents|issuer) = .*\n", "", text)
    text = re.sub(r"(?m)^\[evidence\]\n", "", text)
    return text
