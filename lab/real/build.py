"""Making the machine of the real project's habits, beside the tidy one and from the same images."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from lab.build import FILES, Builder, Step, fill_in, grow, key_of
from lab.place import SOURCE
from lab.real import documents
from lab.shell import run

REAL = SOURCE / "real"
TREE = REAL / "zebu"
WORKSPACE = Path("/home/runner/actions-runner/_work/zebu/zebu")
"""Where compose works: the runner's checkout."""
FIRST_CHECKOUT = Path("/opt/papertrade")
NETWORK = "[Match]\nName=eth0\n\n[Network]\nDHCP=ipv4\nIPv6AcceptRA=no\n\n[DHCPv4]\nUseDNS=no\n"
SSH = "PermitRootLogin yes\nPasswordAuthentication yes\n"
DAEMON = '{ "storage-driver": "overlay2" }\n'
"""The lab's file system needs it said; all else is Docker's default."""
HISTORY: tuple[Step, ...] = (
    (200, "Backend", ("backend", ".gitignore"), "v1.0.0"),
    (180, "Frontend", ("frontend",), "v1.1.0"),
    (150, "Production", ("docker-compose.yml", "docker-compose.prod.yml", "Taskfile.yml", ".env.production.example", "README.md", "docs/deployment"), "v1.2.0"),
    (90, "Deploy from the runner", (".github",), None),
    (60, "Plan monitoring", ("docs/monitoring", "docs/planning"), None),
    (20, "Keep the agents' notes", ("agent_docs",), None),
)  # fmt: skip


def uv_lock(wheels: Path) -> str:
    """The versions that the image installs, as uv locks them."""
    packages = ['version = 1\nrequires-python = ">=3.13"\n']
    for wheel in sorted(wheels.glob("*.whl")):
        name, version = wheel.name.split("-")[:2]
        normal = re.sub(r"[-_.]+", "-", name).lower()
        packages.append(
            f'[[package]]\nname = "{normal}"\nversion = "{version}"\nsource = {{ registry = "https://pypi.org/simple" }}\n'
        )
    return "\n".join(packages)


class RealBuilder(Builder):
    """Builds what is missing; of production machines, the one with the real project's habits."""

    @property
    def production(self) -> tuple[str, str, Callable[[], None]]:
        """The production machine: what it is kept as, the key of what it is made from, and how it is made."""
        made_from = (TREE, REAL / "build.py", REAL / "documents.py", REAL / "prime.sh", FILES / "images")
        key = key_of(self.base_key, self.runtime_key, self.wheels_key, self.apt_key, SOURCE / "build.py", *made_from)
        return "built-vm-real", key, self._real

    def _real(self) -> None:
        root = self._machine("vm", "built-vm-real")
        self._as_downloaded(root)
        self._production(root)
        (root / "etc/docker/daemon.json").write_text(DAEMON)
        self._checkouts(root)
        self._prime(root, "built-vm-real", REAL / "prime.sh")

    def _as_downloaded(self, root: Path) -> None:
        """The machine as the creating script leaves it: root, a key, a known password, an address by DHCP."""
        for user in ("deploy", "observer"):
            run(["chroot", root, "userdel", "--remove", user])
        (root / "etc/sudoers.d/deploy").unlink()
        run(["chroot", root, "useradd", "--create-home", "--shell", "/bin/bash", "--groups", "docker", "runner"])
        run(["chroot", root, "chpasswd"], stdin=b"root:docker\n")
        (root / "etc/ssh/sshd_config.d/50-cloud-init.conf").write_text(SSH)
        (root / "etc/systemd/network/10-eth0.network").write_text(NETWORK)
        unit = Path("etc/systemd/system/lab-cgroup.service")
        shutil.copy(FILES / "vm" / unit, root / unit)
        updates = Path("etc/apt/apt.conf.d/20auto-upgrades")
        shutil.copy(FILES / "vm" / updates, root / updates)
        (root / "etc/docker").mkdir(exist_ok=True)

    def _checkouts(self, root: Path) -> None:
        """The first deployment's clone at its tag, and the runner's workspace at the head of main, each with its `.env`."""
        tree = self.place.cache / "real-tree"
        shutil.rmtree(tree, ignore_errors=True)
        shutil.copytree(TREE, tree, ignore=shutil.ignore_patterns("__pycache__"))
        documents.write(tree)
        origin = self.place.cache / "real-origin"
        shutil.rmtree(origin, ignore_errors=True)
        grow(origin, tree, HISTORY, {"backend/uv.lock": uv_lock(self.place.cache / "wheels")})
        shutil.rmtree(tree)
        environment = fill_in((TREE / ".env.production.example").read_text()).replace(
            "https://zebu.test,https://www.zebu.test", "https://zebu.test"
        )
        environment = re.sub("(REDIS_PASSWORD)=.*", rf"\1={secrets.token_hex(24)}", environment)
        key = fill_in("VITE_CLERK_PUBLISHABLE_KEY=\n")
        environment += f"\n# The example does not have it, and the page stays empty without it.\n{key}"
        for folder, mode, copies in ((FIRST_CHECKOUT, 0o644, (".env", ".env.backup")), (WORKSPACE, 0o600, (".env",))):
            target = root / folder.relative_to("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            run(
                ["git", "clone", "--quiet", "--no-hardlinks", origin, target],
                env={**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null"},
            )
            run(["git", "-C", target, "remote", "set-url", "origin", "https://forge.zebu.test/zebu/zebu"])
            for copy in copies:
                (target / copy).write_text(environment)
                (target / copy).chmod(mode)
        run(
            [
                "git",
                "-C",
                root / FIRST_CHECKOUT.relative_to("/"),
                "-c",
                "advice.detachedHead=false",
                "checkout",
                "--quiet",
                "v1.2.0",
            ]
        )
        shutil.copytree(self.place.cache / "wheels", root / WORKSPACE.relative_to("/") / "backend/.wheels")
        run(["chroot", root, "chown", "--recursive", "runner:", "/home/runner"])
