"""Odd but right: the proxy lives in an LXC container, which is entered by its number."""

from lab.deployment import Lab

flips: set[str] = set()
settings: tuple[tuple[str, str], ...] = (('ssh = "proxy"\n', 'ssh = "proxy"\ncontainer = 104\n'),)
PCT = rb"""#!/bin/sh
[ "$1 $2 $3" = "exec 104 --" ] || exit 9
shift 3
exec "$@"
"""


def inject(lab: Lab) -> None:
    lab.proxy.run(["sh", "-c", "cat > /usr/local/sbin/pct; chmod 755 /usr/local/sbin/pct"], stdin=PCT)


def mend(lab: Lab) -> None:
    lab.proxy.shell("rm /usr/local/sbin/pct")
