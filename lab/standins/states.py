"""What the stand-ins say when the lab is healthy: taken from the lab itself, with dates relative to `up`."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from lab.network import LAN
from lab.shell import output

DAY = 86_400
GIB = 2**30
ADMINISTRATOR = "operations@zebu.test"
PROXMOX_TOKEN = "zebu@pve!readiness"  # noqa: S105 (its name)


def forge(origin: Path, checks: Path, token: str) -> dict[str, Any]:
    """Every commit came by a pull request that somebody else approved; the last one's checks are the application's own."""
    results = json.loads(checks.read_text())
    told = ["git", "-C", str(origin), "log", "--first-parent", "--format=%H %cI %T", "main"]
    commits = output(told).splitlines()
    state: dict[str, Any] = {
        "token": token,
        "repository": "zebu/zebu",
        "commits": [line.split()[0] for line in commits],
        "check_runs": {},
        "statuses": {},
        "trees": {},
        "workflow_runs": [],
        "pulls": [],
        "reviews": {},
        "pull_commits": {},
        "deployments": [],
    }
    for index, line in enumerate(commits):
        sha, when, tree = line.split()
        state["trees"][sha] = tree
        number = len(commits) - index
        state["check_runs"][sha] = [
            {
                "id": 1000 * number + position,
                "name": job,
                "head_sha": sha,
                "status": "completed",
                "conclusion": result["conclusion"],
                "started_at": result["started_at"],
                "completed_at": result["completed_at"],
                "output": {"title": job, "summary": result["output"][-400:], "text": None},
                "app": {"slug": "github-actions"},
                "check_suite": {"id": number},
            }
            for position, (job, result) in enumerate(results.items())
        ]
        state["pulls"].append(
            {
                "number": number,
                "state": "closed",
                "title": f"Change {number}",
                "user": {"login": "development", "type": "User"},
                "head": {"ref": f"change-{number}", "sha": sha},
                "base": {"ref": "main"},
                "merged_at": when,
                "merge_commit_sha": sha,
            }
        )
        approval = {
            "id": number,
            "user": {"login": "operations", "type": "User"},
            "state": "APPROVED",
            "commit_id": sha,
        }
        state["reviews"][str(number)] = [{**approval, "author_association": "MEMBER", "submitted_at": when}]
        state["pull_commits"][str(number)] = [
            {
                "sha": sha,
                "author": {"login": "development", "type": "User"},
                "parents": [{"sha": commits[-1].split()[0]}],
            }
        ]
    state["deployments"].append(
        {
            "id": 1,
            "sha": state["commits"][0],
            "ref": "v1.2.0",
            "environment": "staging",
            "created_at": commits[0].split()[1],
            "statuses": [{"id": 1, "state": "success", "environment": "staging", "created_at": commits[0].split()[1]}],
        }
    )
    return state


def proxmox(token: str, cpus: int, memory: int, disk: int, deployed: int) -> dict[str, Any]:
    """A node whose lists are fresh, and the production machine as it is, with snapshots from around its deployment."""
    now = int(time.time())
    everything = ["Sys.Audit", "Sys.Modify", "VM.Audit", "VM.Backup", "VM.GuestAgent.Audit", "Datastore.Audit"]
    auditor = ["Sys.Audit", "VM.Audit", "VM.GuestAgent.Audit", "Datastore.Audit"]

    def task(kind: str, age: float, **more: Any) -> dict[str, Any]:
        started = int(now - age * DAY)
        upid = f"UPID:pve:0000{started % 9999:04X}:00000000:{started:08X}:{kind}:200:root@pam:"
        base = {"upid": upid, "node": "pve", "type": kind, "id": "", "user": "root@pam", "status": "OK"}
        return {**base, "starttime": started, "endtime": started + 30, **more}

    def saving(vmid: str) -> dict[str, Any]:
        keep = {"keep-daily": "7", "keep-weekly": "4"}
        base = {"id": f"backup-{vmid}", "enabled": 1, "schedule": "02:00", "storage": "nas", "mode": "snapshot"}
        return {**base, "vmid": vmid, "prune-backups": keep}

    backups = [
        {"volid": f"nas:backup/vzdump-qemu-200-{days}.vma.zst", "content": "backup", "ctime": now - days * DAY,
         "size": 2 * GIB, "vmid": 200, "format": "vma.zst"}
        for days in range(1, 5)
    ]  # fmt: skip
    return {
        "tokens": {
            f"{PROXMOX_TOKEN}={token}": {"/": [*everything, "Datastore.Allocate"]},
            f"auditor@pve!readiness={token}": {"/": auditor},
        },
        "node": "pve",
        "version": {"version": "9.1.4", "release": "9.1", "repoid": "5a1b2c3d"},
        "updates": [],
        "versions": [{"Package": "pve-manager", "Version": "9.1.4", "OldVersion": "9.1.4", "CurrentState": "Installed"}],
        "tasks": [
            task("aptupdate", 0.4),
            task("qmsnapshot", 0.2, id="200"),
        ],
        "guests": {
            "200": {
                "current": {
                    "vmid": 200, "name": "zebu", "status": "running", "qmpstatus": "running", "cpus": cpus,
                    "maxmem": memory, "maxdisk": disk, "uptime": 8 * DAY, "agent": 1,
                },
                "config": {
                    "name": "zebu", "cores": cpus, "sockets": 1, "memory": str(memory // 2**20), "agent": "1", "onboot": 1,
                    "net0": "virtio=02:00:00:77:00:0A,bridge=vmbr0,firewall=1", "scsi0": f"local:vm-200-disk-0,size={disk // GIB}G",
                    "ipconfig0": f"ip={LAN.format(10)}/24,gw={LAN.format(1)}",
                },
                "snapshot": [
                    {"name": "before-v1-2-0", "description": "before the deployment", "snaptime": deployed - 2 * 3600, "vmstate": 0},
                    {"name": "after-v1-2-0", "description": "after it", "snaptime": deployed + 30, "vmstate": 0, "parent": "before-v1-2-0"},
                    {"name": "current", "description": "You are here!", "running": 1, "parent": "after-v1-2-0"},
                ],
                "network-get-interfaces": {
                    "result": [{"name": "eth0", "hardware-address": "02:00:00:77:00:0a", "ip-addresses": [
                        {"ip-address": LAN.format(10), "ip-address-type": "ipv4", "prefix": 24}]}]
                },
            }
        },
        # The lab's machine makes its own dumps; its hypervisor saves another one.
        "backup_jobs": [saving("201")],
        "storages": {
            "nas": {
                "config": {"type": "nfs", "path": "/mnt/pve/nas", "server": LAN.format(30), "content": "backup"},
                "status": {"type": "nfs", "shared": 1, "total": 2000 * GIB, "used": 300 * GIB, "avail": 1700 * GIB, "active": 1},
                "content": backups,
            }
        },
    }  # fmt: skip


def npm(password: str, certificate: bytes, advanced: str) -> dict[str, Any]:
    """The proxy's hosts as nginx has them, and the certificate that it serves."""
    leaf = x509.load_pem_x509_certificates(certificate)[0]
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    entry = {
        "id": 1, "provider": "letsencrypt", "nice_name": names[0], "domain_names": names,
        "expires_on": leaf.not_valid_after_utc.isoformat(), "meta": {"dns_challenge": False},
    }  # fmt: skip
    hosts = [
        {
            "id": number, "domain_names": [name], "forward_scheme": "http", "forward_host": LAN.format(10),
            "forward_port": port, "certificate_id": 1, "ssl_forced": True, "hsts_enabled": True, "hsts_subdomains": False,
            "enabled": True, "advanced_config": advanced, "locations": [], "certificate": entry,
        }
        for number, (name, port) in enumerate({"zebu.test": 80, "www.zebu.test": 80, "api.zebu.test": 8000}.items(), 1)
    ]  # fmt: skip
    users = {ADMINISTRATOR: password}
    return {"flavour": "npm", "users": users, "setup": True, "proxy_hosts": hosts, "certificates": [entry]}


def signing_key(path: Path) -> rsa.RSAPrivateKey:
    """The sign-in provider's key."""
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{path} is no RSA key")
    return key


def _code(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _number(value: int) -> str:
    return _code(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def signin(key: rsa.RSAPrivateKey, secret_key: str) -> dict[str, Any]:
    """Its public half, as a JSON Web Key (RFC 7517)."""
    numbers = key.public_key().public_numbers()
    public = {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": "ins_lab",
        "n": _number(numbers.n),
        "e": _number(numbers.e),
    }
    return {"secret_key": secret_key, "keys": [public]}


def session_token(key: rsa.RSAPrivateKey, user: str) -> str:
    """A session of a user, as the provider signs it (RFC 7519): for a minute."""
    now = int(datetime.now(UTC).timestamp())
    parts: tuple[Mapping[str, Any], ...] = (
        {"alg": "RS256", "kid": "ins_lab", "typ": "JWT"},
        {"sub": user, "iat": now, "nbf": now - 5, "exp": now + 60, "iss": "https://clerk.zebu.test"},
    )
    text = ".".join(_code(json.dumps(part).encode()) for part in parts)
    return f"{text}.{_code(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def prices() -> dict[str, Any]:
    """Some shares."""
    return {"prices": {"IBM": "287.4500", "AAPL": "228.8800", "MSFT": "431.2000"}, "age_days": 0}


def advisories() -> dict[str, Any]:
    """Advisories about versions that nobody here has: a database that is there, and has nothing to say about them."""
    modified = (datetime.now(UTC) - timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    record = {
        "id": "PYSEC-2024-1", "modified": modified, "published": modified, "aliases": ["CVE-2024-0001"],
        "summary": "an old version", "details": "an old version",
        "affected": [{"package": {"ecosystem": "PyPI", "name": "fastapi"}, "versions": ["0.1.0"],
                      "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "0.2.0"}]}]}],
        "database_specific": {"severity": "HIGH"},
    }  # fmt: skip
    return {"osv": [record]}
