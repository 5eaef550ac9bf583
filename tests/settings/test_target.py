"""Who is asked, and what the far side is told."""

from __future__ import annotations

from pytest_zebu.settings import Settings
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target


def test_the_far_side_is_told_what_is_set() -> None:
    assert Target(name="vm", host=Host(), settings=Settings()).told == {
        "outbound": "https://deb.debian.org/", "backup_pattern": "*", "proxmox_node": "pve",
    }  # fmt: skip
    settings = Settings.model_validate({
        "domains": {"site": "z.test", "api": "api.z.test"}, "network": {"peers": ["10.0.0.1:1", "10.0.0.2:2"]}, "proxmox": {"vmid": 200},
        "forge": {"paths": {"a": ["backend", "docs"], "b": ["backend"]}}, "backups": {"folder": "/b", "copy": "/c"}, "evidence": {"documents": "/d"},
    })  # fmt: skip
    told = Target(name="vm", host=Host(project="zebu", app_directory="/opt/zebu"), settings=settings).told
    assert (told["project"], told["app_directory"], told["names"]) == ("zebu", "/opt/zebu", "z.test api.z.test")
    assert (told["peers"], told["proxmox_vmid"], told["forge_paths"]) == (
        "10.0.0.1:1 10.0.0.2:2",
        "200",
        "backend docs",
    )
    assert (told["backup_folder"], told["backup_copy"], told["documents"]) == ("/b", "/c", "/d")
