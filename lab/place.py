"""Where a lab keeps its things, and the names that keep two labs apart."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pytest_zebu.gather.lab import lab_folder

SOURCE = Path(__file__).parent
REPOSITORY = SOURCE.parent


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one lab. Names in the kernel carry a token of it, so that labs never meet."""

    folder: Path

    @classmethod
    def default(cls) -> Place:
        """The folder that `ZEBU_LAB_DIR` names, else `/var/lib/zebu-lab`."""
        return cls(lab_folder())

    @property
    def token(self) -> str:
        """Short and stable: from the folder's path."""
        return "zl" + hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()[:6]

    def namespace(self, name: str) -> str:
        """The network namespace of a machine or a part of the network."""
        return f"{self.token}-{name}"

    @property
    def image(self) -> Path:
        """The btrfs image that holds the machines."""
        return self.folder / "lab.btrfs"

    @property
    def machines(self) -> Path:
        """Where the image is mounted: a subvolume per machine and state."""
        return self.folder / "machines"

    @property
    def cache(self) -> Path:
        """What building made, each with the key of what it was made from."""
        return self.folder / "cache"

    @property
    def logs(self) -> Path:
        """What builds and daemons say."""
        return self.folder / "logs"

    @property
    def run(self) -> Path:
        """State of the running lab: pid files, daemons' folders."""
        return self.folder / "run"

    @property
    def keys(self) -> Path:
        """The runner's ssh key and the certificate of the ACME server."""
        return self.folder / "keys"

    @property
    def scratch(self) -> Path:
        """Where builds unpack what they work on. It is not in the folder: apt's own user must get there."""
        return self.folder.with_name(f"{self.folder.name}-build")

    def make(self) -> None:
        """Create the folders."""
        for path in (self.folder, self.machines, self.cache, self.logs, self.run, self.keys, self.scratch):
            path.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
