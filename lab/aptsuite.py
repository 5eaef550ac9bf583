"""A small signed apt suite, laid out as Debian's security suite, so that unattended-upgrades has real work."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from lab.shell import run

PACKAGE = "zebu-lab-motd"
FIRST, SECURITY = "1.0", "1.0+deb12u1"
RELEASE = {
    "Origin": "Debian",
    "Label": "Debian-Security",
    "Suite": "stable-security",
    "Codename": "bookworm-security",
    "Architectures": "amd64",
    "Components": "main",
}


@dataclass(frozen=True, slots=True)
class AptSuite:
    """The suite in a folder: packages, index, signature, key."""

    folder: Path

    @property
    def keyring(self) -> Path:
        """The public key, for `signed-by`."""
        return self.folder / "keyring.gpg"

    @property
    def web(self) -> Path:
        """What the server serves."""
        return self.folder / "web"

    def sources(self, keyring: str) -> str:
        """The machine's sources.list."""
        return f"deb [signed-by={keyring}] http://apt.zebu.test/debian-security bookworm-security main\n"

    def first_versions(self) -> list[Path]:
        """The packages that a machine has before any update."""
        return [self.folder / f"{PACKAGE}_{FIRST}_all.deb"]

    def create(self) -> None:
        """Make the key, the packages in their first and second version, and the index with the second."""
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "gnupg").mkdir(parents=True, mode=0o700)
        self._gpg("--quick-generate-key", "zebu lab <apt@zebu.test>", "ed25519", "sign", "never")
        self._gpg("--output", str(self.keyring), "--export")
        for version in (FIRST, SECURITY):
            self._package(version)
        self.publish()

    def _gpg(self, *words: str) -> None:
        env = {**os.environ, "GNUPGHOME": str(self.folder / "gnupg")}
        run(["gpg", "--batch", "--yes", "--quiet", "--passphrase", "", "--pinentry-mode", "loopback", *words], env=env)
        run(["gpgconf", "--kill", "gpg-agent"], env=env, check=False)

    def _package(self, version: str) -> None:
        tree = self.folder / "tree"
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "etc/motd.d").mkdir(parents=True)
        (tree / "etc/motd.d/zebu-lab").write_text(f"Zebu lab machine, release {version}\n")
        (tree / "DEBIAN/control").write_text(
            f"Package: {PACKAGE}\nVersion: {version}\nArchitecture: all\nMaintainer: operations <operations@zebu.test>\n"
            "Section: admin\nPriority: optional\nDescription: greeting of the lab's machine\n"
        )
        run(["dpkg-deb", "--root-owner-group", "--build", tree, self.folder / f"{PACKAGE}_{version}_all.deb"])
        shutil.rmtree(tree)

    def publish(self) -> None:
        """Write the signed index over the security versions."""
        root = self.web / "debian-security"
        pool = root / "pool/main"
        index = root / "dists/bookworm-security/main/binary-amd64"
        shutil.rmtree(root, ignore_errors=True)
        pool.mkdir(parents=True)
        index.mkdir(parents=True)
        shutil.copy(self.folder / f"{PACKAGE}_{SECURITY}_all.deb", pool)
        packages = run(["apt-ftparchive", "packages", "pool"], cwd=root).stdout
        (index / "Packages").write_bytes(packages)
        options = [f"-oAPT::FTPArchive::Release::{name}={value}" for name, value in RELEASE.items()]
        release = run(["apt-ftparchive", *options, "release", "dists/bookworm-security"], cwd=root).stdout
        file = root / "dists/bookworm-security/Release"
        file.write_bytes(release)
        self._gpg("--clearsign", "--output", str(file.with_name("InRelease")), str(file))
