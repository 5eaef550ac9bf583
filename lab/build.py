"""Making the machines: each artefact is kept with the key of what it was made from, and made again when that changes."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import shutil
import sys
import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lab.machine import Machine
from lab.mounts import let_go, wait_for_device
from lab.network import INTERNET_HOSTS, LAN, LAN6, WAN, Network
from lab.packages import MACHINE_PACKAGES, RUNTIME_PACKAGES, install_on_host
from lab.place import SOURCE, Place
from lab.shell import LabError, Progress, run
from lab.waits import until

FILES = SOURCE / "files"
APPLICATION = SOURCE / "zebu"
MIRROR = "http://deb.debian.org"
STAND_INS = ("forge", "clerk", "prices", "advisories", "pve", "npm")
MMDEBSTRAP = [
    "mmdebstrap", "--quiet", "--variant=minbase",
    "--aptopt=APT::Install-Recommends \"false\"",
    "--aptopt=Acquire::Languages \"none\"",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
]  # fmt: skip
SOURCES = [
    f"deb {MIRROR}/debian bookworm main",
    f"deb {MIRROR}/debian bookworm-updates main",
    f"deb {MIRROR}/debian-security bookworm-security main",
]
WITHOUT = "systemctl -q disable docker.service docker.socket containerd.service; sed -i /pam_systemd/d /etc/pam.d/common-session"
"""What the machines beside the one that is judged do not have."""


def key_of(*parts: object) -> str:
    """A key of values and of the content of files and folders."""
    digest = hashlib.sha256()
    for part in parts:
        files: Iterable[Path] = ()
        if isinstance(part, Path):
            files = sorted(p for p in part.rglob("*") if p.is_file()) if part.is_dir() else [part]
        else:
            digest.update(repr(part).encode())
        for file in files:
            if "__pycache__" in file.parts or file.suffix == ".pyc":
                continue
            digest.update(str(file.relative_to(SOURCE)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _is_mounted(path: Path) -> bool:
    """Whether something is mounted there; a bind mount is too, which the devices do not tell."""
    return run(["mountpoint", "--quiet", path], check=False).returncode == 0


class Builder:
    """Builds what is missing."""

    def __init__(self, place: Place, network: Network, progress: Progress) -> None:
        self.place = place
        self.network = network
        self.progress = progress
        self.base_key = key_of(MACHINE_PACKAGES, MMDEBSTRAP, SOURCES, "users: deploy, observer")
        self.runtime_key = key_of(RUNTIME_PACKAGES, MMDEBSTRAP, SOURCES)
        self.wheels_key = key_of(APPLICATION / "backend/requirements.txt", sys.version_info[:2])
        self.checks_key = key_of(APPLICATION)
        self.apt_key = key_of(SOURCE / "aptsuite.py")
        self.nas_key = key_of(self.base_key, WITHOUT)
        self.proxy_key = key_of(self.base_key, WITHOUT, FILES / "proxy", self.apt_key)
        self.vm_key = key_of(
            self.base_key, self.runtime_key, self.wheels_key, APPLICATION, FILES / "vm", FILES / "images",
            self.apt_key, SOURCE / "build.py",
        )  # fmt: skip

    def _is_made(self, name: str, key: str) -> bool:
        mark = self.place.cache / f"{name}.key"
        return mark.exists() and mark.read_text() == key

    def _mark(self, name: str, key: str) -> None:
        (self.place.cache / f"{name}.key").write_text(key)

    def _artefact(self, name: str, key: str, make: Callable[[], None]) -> None:
        if self._is_made(name, key):
            return
        with self.progress.step(f"built {name}"):
            make()
        self._mark(name, key)

    @property
    def production(self) -> tuple[str, str, Callable[[], None]]:
        """The production machine: what it is kept as, the key of what it is made from, and how it is made."""
        return "built-vm", self.vm_key, self._vm

    def is_complete(self) -> bool:
        """Whether the machines are there, made from the present sources."""
        name, key, _ = self.production
        states = {name: key, "built-proxy": self.proxy_key, "built-nas": self.nas_key}
        return self.place.image.exists() and all(self._is_made(name, key) for name, key in states.items())

    def mount(self) -> None:
        """Mount the image of the machines, made first if need be."""
        if not self.place.image.exists():
            for mark in self.place.cache.glob("*.key"):
                if mark.stem == "base" or mark.stem.startswith("built-"):
                    mark.unlink()
            # Whole or not at all: what was killed in the middle of it would be mounted in vain for ever.
            fresh = self.place.image.with_suffix(".new")
            with fresh.open("wb") as file:
                file.truncate(16 * 2**30)
            run(["mkfs.btrfs", "-q", "-f", fresh])
            fresh.replace(self.place.image)
        # What took the host's mounts into a namespace of its own (the machines of another lab) is told of an unmount, if
        # the mount that it was made on is shared.
        if not _is_mounted(self.place.folder):
            run(["mount", "--bind", self.place.folder, self.place.folder])
            run(["mount", "--make-private", self.place.folder])
            run(["mount", "--make-shared", self.place.folder])
        if not _is_mounted(self.place.machines):
            run(["mount", "-o", "loop,noatime", self.place.image, self.place.machines])

    def unmount(self) -> None:
        """Unmount the image, and what a build left mounted that was killed; the loop device goes with it.

        Raises:
            LabError: somebody holds on to it.
        """
        inside = let_go(self.place.image, self.place.folder, self.place.scratch)
        shutil.rmtree(self.place.scratch, ignore_errors=True)
        if self.place.image.exists():
            wait_for_device(self.place.image, inside)

    def build(self) -> None:
        """Make everything that is missing."""
        install_on_host(self.progress, self.place.logs / "host-packages.log")
        self.mount()
        if self.is_complete():
            return
        self.progress.say("building the lab's machines (packages from Debian and PyPI)")
        with ThreadPoolExecutor(max_workers=3) as pool:
            jobs = [
                pool.submit(self._artefact, "base", self.base_key, self._base),
                pool.submit(self._artefact, "runtime", self.runtime_key, self._runtime),
                pool.submit(self._small_things),
            ]
            for job in jobs:
                job.result()
        self._artefact("built-nas", self.nas_key, self._nas)
        with ThreadPoolExecutor(max_workers=2) as pool:
            jobs = [
                pool.submit(self._artefact, "built-proxy", self.proxy_key, self._proxy),
                pool.submit(self._artefact, *self.production),
            ]
            for job in jobs:
                job.result()
        shutil.rmtree(self.place.scratch, ignore_errors=True)

    # What the machines are made of

    def _mmdebstrap(self, name: str, packages: list[str], *hooks: str) -> Path:
        tar = self.place.cache / f"{name}.tar"
        tar.unlink(missing_ok=True)
        run(
            [*MMDEBSTRAP, f"--include={','.join(packages)}", *hooks, "bookworm", tar, *SOURCES],
            log=self.place.logs / f"{name}.log",
            timeout=1200,
            env={**os.environ, "TMPDIR": str(self.place.scratch)},
        )
        return tar

    def _base(self) -> None:
        tar = self._mmdebstrap("base", MACHINE_PACKAGES)
        root = self.place.machines / "base"
        if root.exists():
            run(["btrfs", "-q", "subvolume", "delete", root])
        run(["btrfs", "-q", "subvolume", "create", root])
        run(["tar", "-xpf", tar, "-C", root])
        tar.unlink()
        self._common(root)

    def _runtime(self) -> None:
        unused = "/var/lib/postgresql/15/main /var/cache/apt /usr/lib/llvm* /usr/lib/x86_64-linux-gnu/libLLVM* /usr/lib/x86_64-linux-gnu/libz3*"
        remove = " ".join(f'"$1"{path}' for path in unused.split())
        self._mmdebstrap("runtime", RUNTIME_PACKAGES, f"--customize-hook=rm -rf {remove}")

    def _small_things(self) -> None:
        self._artefact("keys", "2", self._keys)
        self._artefact("wheels", self.wheels_key, self._wheels)
        self._artefact("compose", "trixie", self._compose)
        self._artefact("checks", self.checks_key, self._checks)
        from lab.aptsuite import AptSuite

        self._artefact("apt", self.apt_key, AptSuite(self.place.cache / "apt").create)

    def _keys(self) -> None:
        shutil.rmtree(self.place.keys)
        self.place.keys.mkdir(mode=0o700)
        for name in ("runner", "backup"):
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", self.place.keys / name])
        days = "3650"
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        for name, subject in (("ca", "/CN=zebu lab CA"), ("acme", "/CN=acme.zebu.test"), ("standins", "/CN=stand-ins")):
            key, request = self.place.keys / f"{name}.key", self.place.keys / f"{name}.csr"
            run(["openssl", "req", *curve, "-keyout", key, "-out", request, "-subj", subject])
        ca, ca_key = self.place.keys / "ca.pem", self.place.keys / "ca.key"
        extensions = self.place.keys / "extensions"
        extensions.write_text(
            "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
        )
        sign: list[str | Path] = ["openssl", "x509", "-req", "-days", days, "-extfile", extensions]
        run([*sign, "-in", self.place.keys / "ca.csr", "-signkey", ca_key, "-out", ca])
        names = {
            "acme": f"DNS:acme.zebu.test,IP:{WAN.format(INTERNET_HOSTS['acme'])}",
            "standins": ",".join(f"DNS:{name}.zebu.test" for name in STAND_INS),
        }
        for name, alternatives in names.items():
            extensions.write_text(f"subjectAltName={alternatives}\n")
            request, out = self.place.keys / f"{name}.csr", self.place.keys / f"{name}.pem"
            run([*sign, "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-out", out])
        run(["openssl", "genrsa", "-out", self.place.keys / "signin.key", "2048"])
        for name in ("forge", "proxmox", "npm"):
            secret = self.place.keys / f"{name}.secret"
            secret.write_text(str(uuid.uuid4()) if name == "proxmox" else secrets.token_urlsafe(24))
            secret.chmod(0o600)

    def _wheels(self) -> None:
        folder = self.place.cache / "wheels"
        shutil.rmtree(folder, ignore_errors=True)
        requirements = APPLICATION / "backend/requirements.txt"
        run([
            sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--only-binary=:all:",
            "--python-version=3.11", "--implementation=cp", "--platform=manylinux2014_x86_64", "--platform=manylinux_2_28_x86_64",
            "--platform=any", "--dest", folder, "--requirement", requirements,
        ], log=self.place.logs / "wheels.log")  # fmt: skip

    def _compose(self) -> None:
        """Compose v2 is not in Debian 12; Debian 13's is one static program."""
        apt = self.place.cache / "trixie"
        shutil.rmtree(apt, ignore_errors=True)
        (apt / "lists/partial").mkdir(parents=True)
        (apt / "cache/archives/partial").mkdir(parents=True)
        keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
        (apt / "sources.list").write_text(f"deb [signed-by={keyring}] {MIRROR}/debian trixie main\n")
        options = [
            "-o", f"Dir::Etc::sourcelist={apt}/sources.list", "-o", "Dir::Etc::sourceparts=-",
            "-o", f"Dir::State::lists={apt}/lists", "-o", f"Dir::Cache={apt}/cache", "-o", "APT::Sandbox::User=root",
        ]  # fmt: skip
        run(["apt-get", "-qq", *options, "update"])
        run(["apt-get", "-qq", *options, "download", "docker-compose/trixie"], cwd=apt)
        (package,) = apt.glob("docker-compose_*.deb")
        run(["dpkg-deb", "-x", package, apt / "files"])
        shutil.copy(apt / "files/usr/libexec/docker/cli-plugins/docker-compose", self.place.cache / "docker-compose")
        shutil.rmtree(apt)

    def _checks(self) -> None:
        """Run the application's own tests and linters, and keep what each said: the code forge reports these."""
        work = self.place.cache / "checks"
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(APPLICATION, work / "zebu", ignore=shutil.ignore_patterns("__pycache__"))
        venv = work / "venv"
        run([sys.executable, "-m", "venv", venv])
        backend, frontend = work / "zebu/backend", work / "zebu/frontend"
        run(
            [venv / "bin/pip", "install", "--quiet", "--requirement", backend / "requirements-dev.txt"],
            log=self.place.logs / "checks-venv.log",
        )
        bundle = [
            "esbuild",
            "src/routes.ts",
            "src/api.ts",
            "--format=cjs",
            '--define:API_BASE_URL="/api/v1"',
            "--outdir=build",
            "--log-level=warning",
        ]
        jobs: dict[str, list[tuple[Path, list[str | Path]]]] = {
            "backend-tests": [(backend, [venv / "bin/pytest", "-q", "-p", "no:cacheprovider"])],
            "migrations": [
                (backend, [venv / "bin/pytest", "-q", "-p", "no:cacheprovider", "tests/test_migrations.py"])
            ],
            "backend-lint": [
                (backend, [venv / "bin/ruff", "check", "."]),
                (backend, [venv / "bin/ruff", "format", "--check", "."]),
            ],
            "backend-types": [(backend, [venv / "bin/mypy"])],
            "frontend-types": [(frontend, ["tsc", "--project", "tsconfig.json"])],
            "frontend-tests": [(frontend, list(bundle)), (frontend, ["node", "--test", "tests"])],
        }
        results = {}
        for job, commands in jobs.items():
            started = datetime.now(UTC)
            for folder, command in commands:
                done = run(command, cwd=folder, check=False)
                if done.returncode != 0:
                    break
            results[job] = {
                "conclusion": "success" if done.returncode == 0 else "failure",
                "started_at": started.isoformat(),
                "completed_at": datetime.now(UTC).isoformat(),
                "output": (done.stdout + done.stderr).decode(errors="replace")[-4000:],
            }
        (self.place.cache / "checks.json").write_text(json.dumps(results, indent=1))
        shutil.rmtree(work)
        failed = [job for job, result in results.items() if result["conclusion"] != "success"]
        if failed:
            raise LabError(
                f"the application's own checks fail: {', '.join(failed)}; see {self.place.cache}/checks.json"
            )

    # The machines

    def _common(self, root: Path) -> None:
        """What every machine of the lab has: the deploy user, resolver and names."""
        run(["chroot", root, "useradd", "--create-home", "--shell", "/bin/bash", "--groups", "sudo", "deploy"])
        # A monitoring account: it may log in, and see what any user sees.
        run(["chroot", root, "useradd", "--create-home", "--shell", "/bin/bash", "observer"])
        sudoers = root / "etc/sudoers.d/deploy"
        sudoers.write_text("deploy ALL=(ALL) NOPASSWD:ALL\n")
        sudoers.chmod(0o440)
        (root / "etc/resolv.conf").unlink(missing_ok=True)
        (root / "etc/resolv.conf").write_text(f"nameserver {WAN.format(INTERNET_HOSTS['resolver1'])}\n")
        for link in (
            "etc/systemd/system/sysinit.target.wants/systemd-resolved.service",
            "etc/systemd/system/multi-user.target.wants/systemd-networkd.service",
        ):
            (root / link).unlink(missing_ok=True)

    def _machine(self, name: str, state: str = "") -> Path:
        """A fresh snapshot of the base, with host keys of its own."""
        state = state or f"built-{name}"
        machine = Machine(self.place, self.network, name)
        machine.kill()
        machine.snapshot("base", state)
        root = self.place.machines / state
        (root / "etc/hosts").write_text(f"127.0.0.1 localhost\n::1 localhost\n127.0.1.1 zebu-{name}\n")
        for key in (root / "etc/ssh").glob("ssh_host_*"):
            key.unlink()
        run(["ssh-keygen", "-A", "-f", root])
        runner = (self.place.keys / "runner.pub").read_text()
        for home in ("root", "home/deploy"):
            self._authorize(root, home, runner)
        self._authorize(root, "home/observer", runner)
        return root

    @staticmethod
    def _authorize(root: Path, home: str, key: str) -> None:
        folder = root / home / ".ssh"
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / "authorized_keys").write_text(key)
        user = "root" if home == "root" else Path(home).name
        run(["chroot", root, "chown", "-R", f"{user}:", f"/{home}/.ssh"])

    def _bare(self, root: Path) -> None:
        """Without Docker, and without sessions: a storage box has none, and each costs a login a manager of its own."""
        run(["chroot", root, "sh", "-c", WITHOUT])

    def _nas(self) -> None:
        root = self._machine("nas")
        self._bare(root)
        run(["chroot", root, "usermod", "--shell", "/bin/sh", "--home", "/home/backup", "--move-home", "backup"])
        (root / "home/backup/zebu").mkdir(parents=True, exist_ok=True)
        run(["chroot", root, "chown", "-R", "backup:", "/home/backup"])
        self._authorize(root, "home/backup", (self.place.keys / "backup.pub").read_text())

    def _proxy(self) -> None:
        root = self._machine("proxy")
        self._bare(root)
        policy = root / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
        resolver = (root / "etc/resolv.conf").read_text()
        shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LANG": "C.UTF-8"}
        for name in ("http_proxy", "https_proxy"):
            if name in os.environ:
                env[name] = os.environ[name]
        run(["chroot", root, "apt-get", "-qq", "update"], env=env)
        run(
            ["chroot", root, "apt-get", "-y", "-qq", "--no-install-recommends", "install", "nginx-light", "certbot"],
            env=env,
            log=self.place.logs / "proxy.log",
        )
        (root / "etc/resolv.conf").write_text(resolver)
        policy.unlink()
        (root / "etc/nginx/sites-enabled/default").unlink()
        shutil.copy(FILES / "proxy/http.conf", root / "etc/nginx/sites-enabled/zebu-http.conf")
        shutil.copy(FILES / "proxy/zebu-tls.conf", root / "etc/nginx/sites-available/zebu-tls.conf")
        (root / "var/www/acme").mkdir(parents=True)
        shutil.copy(self.place.keys / "ca.pem", root / "etc/ssl/acme-endpoint-ca.pem")
        service = root / "etc/systemd/system/certbot.service.d"
        service.mkdir()
        (service / "lab.conf").write_text(
            "[Service]\nEnvironment=REQUESTS_CA_BUNDLE=/etc/ssl/acme-endpoint-ca.pem\nExecStart=\nExecStart=/usr/bin/certbot -q renew --no-random-sleep-on-renew\n"
        )

    def _vm(self) -> None:
        root = self._machine("vm")
        run(["cp", "-a", "--no-preserve=ownership", f"{FILES}/vm/etc", f"{FILES}/vm/usr", root])
        (root / "var/log/auth.log").touch()
        run(["chroot", root, "chown", "root:adm", "/var/log/auth.log"])
        self._production(root)
        self._backup_access(root)
        self._checkout(root)
        self._prime(root, "built-vm", FILES / "vm/prime.sh")

    def _prime(self, root: Path, state: str, script: Path) -> None:
        """Boot the new production machine, let a script finish it, and keep it."""
        images = root / "opt/lab-images"
        shutil.copytree(FILES / "images", images)
        shutil.copy(self.place.cache / "runtime.tar", images / "runtime.tar")
        shutil.copy(self.place.keys / "ca.pem", images / "zebu-lab.crt")
        self.network.up()
        # Primed under another name, so that a running machine is not in the way.
        machine = Machine(self.place, self.network, "vm")
        machine.start(state)
        until("Docker runs in the new machine", lambda: machine.run(["docker", "info"]), seconds=60)
        self.progress.say("made the production machine; importing images, building and starting the application")
        said = machine.run(["sh", "-s"], stdin=script.read_bytes(), timeout=600)
        (self.place.logs / "prime.log").write_bytes(said.stdout + said.stderr)
        machine.stop()
        machine.snapshot("vm", state)
        machine.delete("vm")

    def _production(self, root: Path) -> None:
        """What a production machine needs to live in the lab: Compose, writable cgroups, whom to trust, packages to update."""
        plugin = root / "usr/libexec/docker/cli-plugins/docker-compose"
        plugin.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.place.cache / "docker-compose", plugin)
        plugin.chmod(0o755)
        run(["chroot", root, "systemctl", "-q", "enable", "lab-cgroup.service"])
        shutil.copy(self.place.keys / "ca.pem", root / "usr/local/share/ca-certificates/zebu-lab.crt")
        run(["chroot", root, "update-ca-certificates"])
        self._apt_sources(root)

    def _apt_sources(self, root: Path) -> None:
        from lab.aptsuite import AptSuite

        suite = AptSuite(self.place.cache / "apt")
        shutil.copy(suite.keyring, root / "usr/share/keyrings/zebu-lab.gpg")
        (root / "etc/apt/sources.list").write_text(suite.sources("/usr/share/keyrings/zebu-lab.gpg"))
        for package in suite.first_versions():
            shutil.copy(package, root / "tmp")
            run(["chroot", root, "dpkg", "-i", f"/tmp/{package.name}"])
            (root / "tmp" / package.name).unlink()

    def _backup_access(self, root: Path) -> None:
        folder = root / "root/.ssh"
        shutil.copy(self.place.keys / "backup", folder / "id_ed25519")
        (folder / "id_ed25519").chmod(0o600)
        nas = (self.place.machines / "built-nas/etc/ssh/ssh_host_ed25519_key.pub").read_text()
        (folder / "known_hosts").write_text(f"nas.zebu.test,{LAN.format(30)},{LAN6.format(30)} {nas}")

    def _checkout(self, root: Path) -> None:
        """The deployed checkout: cloned from a repository with a history and annotated tags."""
        origin = self.place.cache / "origin"
        shutil.rmtree(origin, ignore_errors=True)
        make_history(origin, lock_of(self.place.cache / "wheels"))
        target = root / "opt/zebu"
        run(
            [
                "git",
                "clone",
                "--quiet",
                "--no-hardlinks",
                "--branch",
                "v1.2.0",
                "-c",
                "advice.detachedHead=false",
                origin,
                target,
            ]
        )
        run(["git", "-C", target, "remote", "set-url", "origin", "https://forge.zebu.test/zebu/zebu.git"])
        shutil.copytree(self.place.cache / "wheels", target / "backend/.wheels")
        environment = target / ".env"
        environment.write_text(make_environment())
        run(["chroot", root, "chown", "-R", "deploy:", "/opt/zebu"])
        target.chmod(0o750)
        environment.chmod(0o600)


Step = tuple[int, str, tuple[str, ...], str | None]
"""A commit: how many days ago, its message, the parts of the tree that it brings, its tag."""

HISTORY: tuple[Step, ...] = (
    (60, "Portfolios, trades, prices", ("backend", "db", "docker-compose.yml", ".gitignore", ".dockerignore"), None),
    (55, "Frontend", ("frontend",), "v1.0.0"),
    (
        30,
        "Production compose file, tasks",
        ("docker-compose.prod.yml", "Taskfile.yml", ".env.production.example"),
        "v1.1.0",
    ),
    (9, "Documents", ("docs", "README.md", ".github"), None),
    (7, "Release 1.2.0", ("CHANGELOG.md",), "v1.2.0"),
)


def lock_of(wheels: Path) -> str:
    """The versions that the image installs, as a lock file."""
    found = sorted(tuple(wheel.name.split("-")[:2]) for wheel in wheels.glob("*.whl"))
    return "".join(f"{name.replace('_', '-').lower()}=={version}\n" for name, version in found)


def make_history(folder: Path, lock: str) -> None:
    """A repository that grew: each step adds a part of the application, dated before today."""
    grow(folder, APPLICATION, HISTORY, {"backend/requirements.lock": lock})


def grow(folder: Path, tree: Path, steps: Iterable[Step], besides: Mapping[str, str]) -> None:
    """Make a repository of a tree, step by step; from the first one on it has some files besides."""
    run(["git", "init", "--quiet", "--initial-branch=main", folder])
    for days, message, parts, tag in steps:
        when = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds")
        who = {"NAME": "development", "EMAIL": "development@zebu.test", "DATE": when}
        env = {
            **os.environ,
            **{f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()},
        }
        for part in parts:
            source = tree / part
            if source.is_dir():
                shutil.copytree(
                    source, folder / part, ignore=shutil.ignore_patterns("__pycache__", ".wheels", "build", ".*_cache")
                )
            else:
                (folder / part).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, folder / part)
        for path, text in besides.items():
            (folder / path).write_text(text)
        git: list[str | Path] = ["git", "-C", folder, "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false"]
        run([*git, "add", "--all"])
        run([*git, "commit", "--quiet", "--message", message], env=env)
        if tag:
            run([*git, "tag", "--annotate", "--message", f"Release {tag}", tag])


def make_environment() -> str:
    """A production `.env` with fresh secrets."""
    return fill_in((APPLICATION / ".env.production.example").read_text())


def fill_in(text: str) -> str:
    """The example of a `.env`, with fresh secrets and the lab's addresses for what is to be filled in."""
    values = {
        "POSTGRES_PASSWORD": secrets.token_hex(24),
        "APP_DB_PASSWORD": secrets.token_hex(24),
        "SECRET_KEY": secrets.token_hex(32),
        "CLERK_SECRET_KEY": f"sk_live_{secrets.token_urlsafe(30)}",
        "API_KEY_HMAC_SECRET": secrets.token_hex(32),
        "ADMIN_USER_IDS": "user_operations",
        "ALPHA_VANTAGE_API_KEY": secrets.token_hex(8).upper(),
        "CORS_ORIGINS": "https://zebu.test,https://www.zebu.test",
        # The prefix, then the Frontend API's host and a final $, in base64: as the provider makes them.
        "VITE_CLERK_PUBLISHABLE_KEY": "pk_live_" + base64.b64encode(b"clerk.zebu.test$").decode().rstrip("="),
        "CLERK_API_URL": "https://clerk.zebu.test/v1",
        "ALPHA_VANTAGE_URL": "https://prices.zebu.test/query",
    }
    lines = []
    for line in text.splitlines():
        name = line.partition("=")[0]
        lines.append(f"{name}={values[name]}" if name in values else line)
    return "\n".join(lines) + "\n"
