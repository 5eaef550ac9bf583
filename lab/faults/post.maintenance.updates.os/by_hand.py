"""Odd but right: a small production installs its updates by hand, and says so within the week."""

from lab.deployment import Lab

flips: set[str] = {"post.maintenance.updates.os"}
outcomes: dict[str, str] = {"post.maintenance.updates.os": "attested"}
touches: set[str] = {"updates", "attestations", "profile"}
settings: tuple[tuple[str, str], ...] = (("simulated = ", 'profile = "small-scale"\nsimulated = '),)
WORD = """
[[attestation]]
id = "post.maintenance.updates.os"
statement = "All updates were installed by hand."
by = "operations"
on = "@TODAY@"
evidence = [{ command = "apt full-upgrade", output = "0 upgraded" }]
"""


def inject(lab: Lab) -> None:
    lab.vm.shell("printf 'APT::Periodic::Unattended-Upgrade \"0\";\\n' > /etc/apt/apt.conf.d/99fault")
    file = lab.place.folder / "attestations.toml"
    today = lab.vm.shell("date -u +%F").strip()
    file.write_text(file.read_text() + WORD.replace("@TODAY@", today))


def mend(lab: Lab) -> None:
    lab.vm.shell("rm /etc/apt/apt.conf.d/99fault")
    lab.write_access()
