"""The Debian packages: of the host, on which the lab runs, of its machines, and of the services' images."""

from __future__ import annotations

import os
import shutil
from ctypes.util import find_library
from pathlib import Path

from lab.shell import Progress, run

HOST_PACKAGES = {
    "systemd-nspawn": "systemd-container",
    "mmdebstrap": "mmdebstrap",
    "mkfs.btrfs": "btrfs-progs",
    "ip": "iproute2",
    "nft": "nftables",
    "nsenter": "util-linux",
    "ssh-keygen": "openssh-client",
    "git": "git",
    "openssl": "openssl",
    "gpg": "gnupg",
    "apt-ftparchive": "apt-utils",
    "pebble": "pebble",
    "knotd": "knot",
    "unbound": "unbound",
    "dnsmasq": "dnsmasq-base",
    "node": "nodejs",
    "tsc": "node-typescript",
    "esbuild": "esbuild",
    "chromium": "chromium",
    "chromium-headless-shell": "chromium-headless-shell",
    "certutil": "libnss3-tools",
}
"""What is run on the host, and the package that has it."""
HOST_LIBRARIES = {"atomic": "libatomic1"}
"""What Playwright's own node is linked with, and no package pulls in."""

MACHINE_PACKAGES = [
    "systemd",
    "systemd-sysv",
    "dbus",
    "libpam-systemd",
    "udev",
    "openssh-server",
    "sudo",
    "ufw",
    "iptables",
    "nftables",
    "fail2ban",
    "python3-systemd",
    "unattended-upgrades",
    "cron",
    "logrotate",
    "rsyslog",
    "docker.io",
    "containerd",
    "runc",
    "curl",
    "ca-certificates",
    "iproute2",
    "iputils-ping",
    "procps",
    "less",
    "openssl",
    "dnsutils",
    "tzdata",
    "jq",
    "rsync",
    "git",
    "acl",
    "libpam-modules",
    "perl-base",
    "sysstat",
]
RUNTIME_PACKAGES = [
    "nginx-light",
    "postgresql-15",
    "redis-server",
    "busybox-static",
    "esbuild",
    "python3",
    "python3-venv",
    "gosu",
    "curl",
    "ca-certificates",
]


def install_on_host(progress: Progress, log: Path) -> None:
    """Install what the host lacks, and say what.

    Raises:
        LabError: apt did not install it; `log` has its words.
    """
    tools = {package for tool, package in HOST_PACKAGES.items() if shutil.which(tool) is None}
    libraries = {package for name, package in HOST_LIBRARIES.items() if find_library(name) is None}
    missing = sorted(tools | libraries)
    if not missing:
        return
    progress.say(f"installing Debian packages: {' '.join(missing)}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with progress.step("installed Debian packages"):
        run(["apt-get", "-qq", "update"], env=env)
        install = ["apt-get", "-y", "-qq", "--no-install-recommends", "install", *missing]
        run(install, env=env, log=log, timeout=1200)
