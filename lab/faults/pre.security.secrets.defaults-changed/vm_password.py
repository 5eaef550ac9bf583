"""Password logins are off, and root still has the image's password: it opens the console."""

from lab.deployment import Lab

flips: set[str] = {"pre.security.secrets.defaults-changed"}
touches: set[str] = {"shadow"}


def inject(lab: Lab) -> None:
    lab.vm.shell("cp -p /etc/shadow /root/shadow.kept; echo root:docker | chpasswd")


def mend(lab: Lab) -> None:
    lab.vm.shell("cp -p /root/shadow.kept /etc/shadow; rm /root/shadow.kept")
