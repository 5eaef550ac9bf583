"""Who is asked: the hosts that options name, each with its settings. Precedence: option, environment, file, discovery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import field_validator

from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import DeclaredHost, Host, Port, Section, SshName

SSH_PORT = 22


class Way(Section):
    """What ssh makes of a host's name, by its own configuration.

    Attributes:
        through: the machine or the program that it goes through, where it does not go straight.
    """

    address: SshName
    port: Port = SSH_PORT
    through: str = ""


class Target(Section):
    """One host to judge: how it is called, how ssh finds it, and what is declared of its deployment.

    Attributes:
        way: how ssh finds it, where ssh was asked.
    """

    name: str
    host: Host
    settings: Settings
    scan: Literal["usual", "full"] = "usual"
    active: frozenset[Literal["functional", "restore", "attack"]] = frozenset()
    way: Way | None = None

    @field_validator("host")
    @classmethod
    def _is_of_no_deployment(cls, host: Host) -> Host:
        return host.machine if isinstance(host, DeclaredHost) else host

    @property
    def address(self) -> str:
        """Where it is: an alias of ssh's is no name that anybody else knows."""
        return self.way.address if self.way else self.host.address or self.name

    @property
    def ssh_port(self) -> int:
        """The port by which ssh comes in."""
        return self.way.port if self.way else self.host.port or SSH_PORT

    @property
    def told(self) -> Mapping[str, str]:
        """What the far side is told of the settings; probes find each as ZEBU_SET_NAME in their environment."""
        settings = self.settings
        found = {
            "project": self.host.project,
            "app_directory": self.host.app_directory,
            "outbound": settings.network.outbound,
            "peers": " ".join(settings.network.peers),
            "names": " ".join(settings.domains.names),
            "backup_folder": settings.backups.folder,
            "backup_pattern": settings.backups.pattern,
            "backup_copy": settings.backups.copy_to,
            "forge_paths": " ".join(dict.fromkeys(path for group in settings.forge.paths.values() for path in group)),
            "documents": settings.evidence.documents,
            "proxmox_node": settings.proxmox.node,
            "proxmox_vmid": str(settings.proxmox.vmid or ""),
        }
        return {key: value for key, value in found.items() if value}
