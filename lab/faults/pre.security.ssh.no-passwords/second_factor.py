"""Odd but right: a one-time code is asked for after the key."""

from lab.deployment import Lab

flips: set[str] = set()
touches: set[str] = {"sshd"}


def inject(lab: Lab) -> None:
    lab.vm.shell(
        "printf 'KbdInteractiveAuthentication yes\\nMatch User observer\\n  AuthenticationMethods publickey,keyboard-interactive\\nMatch User root,deploy\\n  KbdInteractiveAuthentication no\\n  AuthenticationMethods publickey\\n' > /etc/ssh/sshd_config.d/00-cloud-init.conf; systemctl reload ssh"
    )


def mend(lab: Lab) -> None:
    lab.vm.shell("rm /etc/ssh/sshd_config.d/00-cloud-init.conf; systemctl reload ssh")
