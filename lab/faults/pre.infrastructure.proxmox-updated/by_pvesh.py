"""Odd but right: no API token; the node is asked by pvesh over ssh."""

from lab.deployment import Lab

flips: set[str] = set()
settings: tuple[tuple[str, str], ...] = (('api = "https://pve.zebu.test:8006"\n', 'ssh = "proxy"\n'),)
PVESH = r"""#!/bin/sh
# What the node itself answers, from the stand-in: pvesh get PATH [--KEY VALUE ...]
[ "$1" = get ] || exit 255
path=$2; shift 2; query=
while [ $# -gt 1 ]; do
  [ "$1" = --output-format ] || query="$query&${1#--}=$2"
  shift 2
done
curl -fsSk -H "Authorization: PVEAPIToken=@TOKEN@" "https://10.77.0.5:8006/api2/json$path?$query" | jq -c .data
"""


def inject(lab: Lab) -> None:
    token = (lab.place.keys / "proxmox.secret").read_text()
    script = PVESH.replace("@TOKEN@", f"zebu@pve!readiness={token}").encode()
    lab.proxy.run(["sh", "-c", "umask 077; cat > /usr/local/sbin/pvesh; chmod 700 /usr/local/sbin/pvesh"], stdin=script)


def mend(lab: Lab) -> None:
    lab.proxy.shell("rm /usr/local/sbin/pvesh")
