"""What the stand-ins say of the machine with the real project's habits."""

from __future__ import annotations

import time
from typing import Any

from cryptography import x509

from lab.network import LAN
from lab.standins import states
from lab.standins.states import ADMINISTRATOR, DAY, GIB

SITE = "zebu.test"


def proxmox(token: str, cpus: int, memory: int, disk: int) -> dict[str, Any]:
    """The same node, where nobody set anything up: no job, no snapshot, no stored backup; an auditor's token is all there is."""
    state = states.proxmox(token, cpus, memory, disk, int(time.time()))
    guest = state["guests"]["200"]
    guest["current"] |= {"name": "papertrade", "uptime": 6 * DAY}
    guest["config"] |= {
        "name": "papertrade", "net0": "virtio=02:00:00:77:00:0A,bridge=vmbr0", "ipconfig0": "ip=dhcp",
        "scsi0": f"local-lvm:vm-200-disk-0,size={disk // GIB}G",
    }  # fmt: skip
    guest["snapshot"] = [{"name": "current", "description": "You are here!", "running": 1}]
    tokens = {header: rights for header, rights in state["tokens"].items() if header.startswith("auditor@")}
    return {**state, "tokens": tokens, "tasks": [], "backup_jobs": [], "storages": {}}


def npmplus(password: str, certificate: bytes) -> dict[str, Any]:
    """One host, with everything that NPMplus turns on by a click."""
    leaf = x509.load_pem_x509_certificates(certificate)[0]
    entry = {
        "id": 1, "provider": "letsencrypt", "nice_name": SITE, "domain_names": [SITE],
        "expires_on": leaf.not_valid_after_utc.strftime("%Y-%m-%d %H:%M:%S"), "meta": {"dns_challenge": False},
    }  # fmt: skip
    host = {
        "id": 1, "domain_names": [SITE], "forward_scheme": "http", "forward_host": LAN.format(10), "forward_port": 80,
        "certificate_id": 1, "ssl_forced": True, "hsts_enabled": True, "hsts_subdomains": True, "enabled": True,
        "advanced_config": "", "locations": [], "certificate": entry, "npmplus_http3_support": False,
        "npmplus_nginx_online": True, "npmplus_nginx_err": None,
    }  # fmt: skip
    users = {ADMINISTRATOR: password}
    return {"flavour": "npmplus", "users": users, "setup": True, "proxy_hosts": [host], "certificates": [entry]}
