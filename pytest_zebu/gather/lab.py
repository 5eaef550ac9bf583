"""Find a running lab and step into its network. The lab itself comes with the checkout, not with the wheel."""

from __future__ import annotations

import json
import os
from pathlib import Path

from msgspec import Struct

CLONE_NEWNS = 0x00020000
CLONE_NEWNET = 0x40000000
MS_BIND = 0x1000
MS_REC = 0x4000
MS_SLAVE = 0x80000
TRUST_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class LabNotUp(Exception):
    """There is no lab to use; the message says what helps."""


def lab_folder() -> Path:
    """The folder of the lab: `ZEBU_LAB_DIR`, else `/var/lib/zebu-lab`."""
    return Path(os.environ.get("ZEBU_LAB_DIR") or "/var/lib/zebu-lab")


class RunningLab(Struct, frozen=True):
    """What a lab that is up leaves for its users."""

    namespace: Path
    resolv_conf: Path
    config: Path
    trust: Path

    @classmethod
    def find(cls) -> RunningLab:
        """The lab that is up.

        Raises:
            LabNotUp: none is, or this user may not enter it.
        """
        try:
            said = json.loads((lab_folder() / "lab.json").read_text())
            lab = cls(**{name: Path(said[name]) for name in ("namespace", "resolv_conf", "config", "trust")})
        except PermissionError:
            raise LabNotUp("the lab belongs to root: run this as root") from None
        except (OSError, ValueError, KeyError, TypeError):
            raise LabNotUp("the lab is not up: start it with `zebu lab up`") from None
        if not lab.namespace.exists():
            raise LabNotUp("the lab is not up any more: start it with `zebu lab up`")
        return lab

    def enter(self) -> None:
        """Move this process into the lab: its network, its DNS. Nothing else can be reached from then on.

        Child processes and threads started later follow.

        Raises:
            LabNotUp: the kernel refuses, which needs root.
        """
        import ctypes  # where there is a lab only

        libc = ctypes.CDLL(None, use_errno=True)

        def call(name: str, *arguments: object) -> None:
            if getattr(libc, name)(*arguments) != 0:
                raise LabNotUp(f"cannot enter the lab ({name}: {os.strerror(ctypes.get_errno())}): run this as root")

        call("unshare", CLONE_NEWNS)
        call("mount", b"none", b"/", None, MS_REC | MS_SLAVE, None)
        call("mount", os.fsencode(self.resolv_conf), b"/etc/resolv.conf", None, MS_BIND, None)
        descriptor = os.open(self.namespace, os.O_RDONLY)
        try:
            call("setns", descriptor, CLONE_NEWNET)
        finally:
            os.close(descriptor)
