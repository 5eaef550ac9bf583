"""Faults of post.maintenance.updates."""

from lab.changes import DIRTY_TREE
from lab.deployment import Lab
from lab.fault import fault
from pytest_zebu.verdict.outcome import Outcome


@fault(
    "post.maintenance.updates.dependencies",
    flips={"post.maintenance.updates.dependencies", *DIRTY_TREE},
    outcomes={"post.maintenance.updates.dependencies": Outcome.NOT_ASSESSED},
    touches={".github"},
    mend=lambda lab: lab.vm.shell("mv /root/dotgithub /opt/zebu/.github"),
)
def no_bot(lab: Lab) -> None:
    """Nothing in the repository watches its dependencies."""
    lab.vm.shell("mv /opt/zebu/.github /root/dotgithub")


WORKFLOWS = "/opt/zebu/.github/workflows"
AUDIT = """on:
  push:
  schedule:
    - cron: '17 5 * * 1'
jobs:
  audit:
    runs-on: ubuntu-latest
    steps:
      - run: pip-audit -r backend/requirements.lock
      - run: cd frontend && npm audit
"""


def lay_workflow(lab: Lab, text: str) -> None:
    """A workflow in the place of Dependabot's configuration."""
    lab.vm.shell(f"cp -rp /opt/zebu/.github /root/dotgithub; rm /opt/zebu/.github/dependabot.yml; mkdir -p {WORKFLOWS}")
    lab.vm.run(["sh", "-c", f"cat > {WORKFLOWS}/ci.yml"], stdin=text.encode())


def restore_workflows(lab: Lab) -> None:
    lab.vm.shell("rm -r /opt/zebu/.github; mv /root/dotgithub /opt/zebu/.github")


@fault(
    "post.maintenance.updates.dependencies",
    flips={*DIRTY_TREE},
    right_for={"post.maintenance.updates.dependencies"},
    touches={".github"},
    mend=restore_workflows,
)
def audited_by_schedule(lab: Lab) -> None:
    """Odd but right: there is no bot; a workflow audits every week, and fails by what it finds."""
    lay_workflow(lab, AUDIT)


@fault(
    "post.maintenance.updates.dependencies",
    flips={"post.maintenance.updates.dependencies", *DIRTY_TREE},
    outcomes={"post.maintenance.updates.dependencies": Outcome.NOT_ASSESSED},
    touches={".github"},
    mend=restore_workflows,
)
def audited_in_vain(lab: Lab) -> None:
    """The audit that a schedule starts succeeds whatever it finds; the one that does not runs with each change only."""
    in_vain = AUDIT.replace("requirements.lock", "requirements.lock || true").replace("npm audit", "npm audit || true")
    lay_workflow(lab, in_vain)
    lab.vm.run(
        ["sh", "-c", f"cat > {WORKFLOWS}/changes.yml"],
        stdin=AUDIT.replace("  schedule:", "#  schedule:").replace("    - cron", "#    - cron").encode(),
    )


@fault(
    "post.maintenance.updates.staging",
    flips=set(),
    touches={"forge"},
    mend=lambda lab: lab.write_states(("forge",)),
)
def superseded(lab: Lab) -> None:
    """Odd but right: a later deployment took its place, so that the forge calls it inactive."""
    change_deployment(lab, "in_progress", "success", "inactive")


@fault(
    "post.maintenance.updates.staging",
    flips={"post.maintenance.updates.staging"},
    touches={"forge"},
    mend=lambda lab: lab.write_states(("forge",)),
)
def failed_there(lab: Lab) -> None:
    """The deployment to staging failed, and a later one took its place."""
    change_deployment(lab, "in_progress", "failure", "inactive")


def change_deployment(lab: Lab, *words: str) -> None:
    """Let the forge tell other states of the deployment to staging, oldest first."""
    told = [{"id": number, "state": word, "environment": "staging"} for number, word in enumerate(words, 1)]
    lab.change_state(
        "forge",
        lambda state: {**state, "deployments": [{**state["deployments"][0], "statuses": [*reversed(told)]}]},
    )


WORD = """
[[attestation]]
id = "post.maintenance.updates.os"
statement = "All updates were installed by hand."
by = "operations"
on = "@TODAY@"
evidence = [{ command = "apt full-upgrade", output = "0 upgraded" }]
"""


def mend_by_hand(lab: Lab) -> None:
    lab.vm.shell("rm /etc/apt/apt.conf.d/99fault")
    lab.write_access()


@fault(
    "post.maintenance.updates.os",
    flips={"post.maintenance.updates.os"},
    outcomes={"post.maintenance.updates.os": Outcome.ATTESTED},
    touches={"updates", "attestations", "profile"},
    settings=(("simulated = ", 'profile = "small-scale"\nsimulated = '),),
    mend=mend_by_hand,
)
def by_hand(lab: Lab) -> None:
    """Odd but right: a small production installs its updates by hand, and says so within the week."""
    lab.vm.shell("printf 'APT::Periodic::Unattended-Upgrade \"0\";\\n' > /etc/apt/apt.conf.d/99fault")
    file = lab.place.folder / "attestations.toml"
    today = lab.vm.shell("date -u +%F").strip()
    file.write_text(file.read_text() + WORD.replace("@TODAY@", today))


@fault(
    "post.maintenance.updates.os",
    flips={"post.maintenance.updates.os"},
    # an earlier run saw the month's updates done
    touches={"updates", "history"},
    mend=lambda lab: lab.vm.shell("cp -p /root/uu.kept /var/log/unattended-upgrades/unattended-upgrades.log"),
)
def last_run_failed(lab: Lab) -> None:
    """The last run of unattended upgrades logged an error."""
    lab.vm.shell(
        "cp -p /var/log/unattended-upgrades/unattended-upgrades.log /root/uu.kept; echo \"$(date '+%F %T'),000 ERROR Installing the upgrades failed!\" >> /var/log/unattended-upgrades/unattended-upgrades.log"
    )


@fault(
    "post.maintenance.updates.os",
    flips={"post.maintenance.updates.os"},
    # an earlier run saw the month's updates done
    touches={"updates", "history"},
    mend=lambda lab: lab.vm.shell("apt-get -qq -y install --only-upgrade zebu-lab-motd >/dev/null"),
)
def overlooked(lab: Lab) -> None:
    """A security update was published before the last run, and still waits."""
    package = next(lab.place.cache.rglob("zebu-lab-motd_1.0_all.deb")).read_bytes()
    lab.vm.run(["sh", "-c", "cat > /root/old.deb"], stdin=package)
    lab.vm.shell("dpkg -i --force-downgrade /root/old.deb >/dev/null; rm /root/old.deb")


@fault(
    "post.maintenance.updates.os",
    flips=set(),
    touches={"updates"},
    mend=lambda lab: lab.vm.shell("rm /run/reboot-required"),
)
def reboot_of_today(lab: Lab) -> None:
    """Odd but right: a reboot is asked for since this morning."""
    lab.vm.shell("touch /run/reboot-required")


@fault(
    "post.maintenance.updates.os",
    flips={"post.maintenance.updates.os"},
    touches={"updates"},
    mend=lambda lab: lab.vm.shell("rm /run/reboot-required"),
)
def reboot_pending(lab: Lab) -> None:
    """A reboot is asked for since nine days."""
    lab.vm.shell("touch -d '9 days ago' /run/reboot-required")


@fault(
    "post.maintenance.updates.os",
    flips={"post.maintenance.updates.os"},
    touches={"updates"},
    mend=lambda lab: lab.vm.shell("rm /etc/apt/apt.conf.d/99fault"),
)
def switched_off(lab: Lab) -> None:
    """Unattended upgrades are installed, and switched off."""
    lab.vm.shell("printf 'APT::Periodic::Unattended-Upgrade \"0\";\\n' > /etc/apt/apt.conf.d/99fault")


@fault(
    "post.maintenance.updates.os",
    flips={"post.maintenance.updates.os"},
    touches={"updates"},
    mend=lambda lab: lab.vm.shell("systemctl enable -q apt-daily-upgrade.timer"),
)
def timer_off(lab: Lab) -> None:
    """The timer that upgrades does not come back after a reboot."""
    lab.vm.shell("systemctl disable -q apt-daily-upgrade.timer")


@fault(
    "post.maintenance.updates.os",
    flips={"post.maintenance.updates.os"},
    touches={"updates"},
    mend=lambda lab: lab.vm.shell("rm /etc/apt/apt.conf.d/99fault"),
)
def without_security(lab: Lab) -> None:
    """Unattended upgrades leave out the security suite."""
    lab.vm.shell(
        "printf '#clear Unattended-Upgrade::Origins-Pattern;\\nUnattended-Upgrade::Origins-Pattern { \"origin=Debian,codename=bookworm,label=Debian\"; };\\n' > /etc/apt/apt.conf.d/99fault"
    )


CONFIGURED = "/etc/apt/apt.conf.d/99fault"


def unconfigure(lab: Lab) -> None:
    lab.vm.shell(f"rm {CONFIGURED}")


@fault(
    "post.maintenance.updates.os",
    flips={"post.maintenance.updates.os"},
    touches={"updates"},
    mend=unconfigure,
)
def old_codename(lab: Lab) -> None:
    """The pattern names the release of before the upgrade, and matches nothing that this machine gets."""
    lab.vm.shell(
        f"printf '#clear Unattended-Upgrade::Origins-Pattern;\\nUnattended-Upgrade::Origins-Pattern {{ \"origin=Debian,codename=bullseye-security,label=Debian-Security\"; }};\\n' > {CONFIGURED}"
    )


@fault(
    "post.maintenance.updates.os",
    flips=set(),
    touches={"updates"},
    mend=unconfigure,
)
def every_origin(lab: Lab) -> None:
    """Odd but right: one pattern covers every source."""
    lab.vm.shell(
        f"printf '#clear Unattended-Upgrade::Origins-Pattern;\\nUnattended-Upgrade::Origins-Pattern {{ \"origin=*\"; }};\\n' > {CONFIGURED}"
    )


@fault(
    "post.maintenance.updates.os",
    flips={"post.maintenance.updates.os"},
    touches={"updates"},
    mend=unconfigure,
)
def everything_left_alone(lab: Lab) -> None:
    """Unattended upgrades run, and are told to leave every package alone."""
    lab.vm.shell(f"printf 'Unattended-Upgrade::Package-Blacklist {{ \".*\"; }};\\n' > {CONFIGURED}")


LOG = "/var/log/unattended-upgrades/unattended-upgrades.log"
GERMAN = """
cp -p LOG /root/uu.kept
{ echo "$(date -d '1 minute ago' '+%F %T'),812 INFO Skript für automatische Systemaktualisierung wird gestartet"
echo "$(date -d '1 minute ago' '+%F %T'),812 INFO Erlaubte Ursprünge sind: origin=Debian,codename=bookworm-security,label=Debian-Security"
echo "$(date '+%F %T'),104 INFO Es wurden keine Pakete gefunden, von denen unbeaufsichtigte Aktualisierungen durchgeführt werden können"; } > LOG
gzip -c LOG > LOG.1.gz
: > LOG
""".replace("LOG", LOG)


@fault(
    "post.maintenance.updates.os",
    flips=set(),
    touches={"updates"},
    mend=lambda lab: lab.vm.shell(f"cp -p /root/uu.kept {LOG}; rm {LOG}.1.gz"),
)
def german_and_rotated(lab: Lab) -> None:
    """Odd but right: the log speaks German, and was rotated and compressed since the last run."""
    lab.vm.run(["sh", "-eu", "-s"], stdin=GERMAN.encode())


STAMP = "/var/lib/apt/periodic/unattended-upgrades-stamp"


def mend_held(lab: Lab) -> None:
    lab.vm.shell(
        f"touch -r /root/stamp.kept {STAMP}; apt-mark unhold zebu-lab-motd; apt-get -qq -y install --only-upgrade zebu-lab-motd >/dev/null"
    )


@fault(
    "post.maintenance.updates.os",
    flips={"post.maintenance.updates.os"},
    # an earlier run saw the month's updates done
    touches={"updates", "history"},
    mend=mend_held,
)
def held(lab: Lab) -> None:
    """A package with a security update is held: apt does not even name what waits. Its list came after the last run."""
    package = next(lab.place.cache.rglob("zebu-lab-motd_1.0_all.deb")).read_bytes()
    lab.vm.run(["sh", "-c", "cat > /root/old.deb"], stdin=package)
    lab.vm.shell(
        f"dpkg -i --force-downgrade /root/old.deb >/dev/null; rm /root/old.deb; apt-mark hold zebu-lab-motd; touch -r {STAMP} /root/stamp.kept; touch -d '1 day ago' {STAMP}"
    )


@fault(
    "post.maintenance.updates.os",
    flips={"post.maintenance.updates.os"},
    touches={"updates"},
    mend=lambda lab: lab.vm.shell("rm /etc/apt/preferences.d/fault"),
)
def pinned_away(lab: Lab) -> None:
    """apt's preferences refuse the security suite, so that nothing ever waits."""
    lab.vm.shell(
        "printf 'Package: *\\nPin: release l=Debian-Security\\nPin-Priority: -1\\n' > /etc/apt/preferences.d/fault"
    )


@fault(
    "post.maintenance.updates.os",
    flips={"post.maintenance.updates.os"},
    outcomes={"post.maintenance.updates.os": Outcome.NOT_ASSESSED},
    # an earlier run saw the month's updates done
    touches={"updates", "history"},
    mend=lambda lab: lab.vm.shell("rm /etc/apt/sources.list.d/fault.list"),
)
def unreadable_source(lab: Lab) -> None:
    """apt cannot read one of its sources, and says nothing at all: that nothing waits is no verdict."""
    lab.vm.shell("echo 'deb nonsense' > /etc/apt/sources.list.d/fault.list")


@fault(
    "post.maintenance.updates.os",
    flips={"post.maintenance.updates.os"},
    touches={"updates"},
    mend=lambda lab: lab.vm.shell("umount /usr/lib/os-release"),
)
def release_ended(lab: Lab) -> None:
    """The release gets no security updates any more: all is switched on, and nothing comes."""
    lab.vm.shell(
        "sed 's/^VERSION_ID=.*/VERSION_ID=\"11\"/' /usr/lib/os-release > /root/os-release; mount --bind /root/os-release /usr/lib/os-release"
    )
