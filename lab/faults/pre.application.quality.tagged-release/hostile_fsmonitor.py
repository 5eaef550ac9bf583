"""Odd but right: the checkout names a program for git to run. It must not run, so nothing flips."""

from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"git"}


def inject(lab: Lab) -> None:
    lab.vm.shell("runuser -u deploy -- git -C /opt/zebu config core.fsmonitor 'touch /tmp/fsmonitor-ran; false'")


def mend(lab: Lab) -> None:
    lab.vm.shell(
        "runuser -u deploy -- git -C /opt/zebu config --unset core.fsmonitor; if [ -e /tmp/fsmonitor-ran ]; then rm /tmp/fsmonitor-ran; exit 1; fi"
    )
