"""What faults have in common: changing a part of the running lab, and putting it back as `up` left it."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Mapping
from typing import Any

from lab.deployment import Lab

PROXY_FILES = {"tls": "/etc/nginx/sites-available/zebu-tls.conf", "http": "/etc/nginx/sites-enabled/zebu-http.conf"}
COMPOSE = "cd /opt/zebu && docker compose -f docker-compose.yml -f docker-compose.prod.yml"
OVERRIDE = "/root/fault-{}.yml"


def set_env(lab: Lab, **values: str) -> None:
    """Change variables of `.env`; the containers keep what they were made with."""
    edits = "".join(f"-e {shlex.quote(f's|^{name}=.*|{name}={value}|')} " for name, value in values.items())
    lab.vm.shell(f"[ -e /root/env.kept ] || cp -p /opt/zebu/.env /root/env.kept; sed -i {edits} /opt/zebu/.env")


def restore_env(lab: Lab) -> None:
    """`.env` as it was."""
    lab.vm.shell("[ ! -e /root/env.kept ] || { cp -p /root/env.kept /opt/zebu/.env; rm /root/env.kept; }")


def recreate(lab: Lab, service: str, override: str = "", without: str = "") -> None:
    """Make a service's container anew, with the production files and what a fault adds to them, or takes away."""
    # The file stays as long as the container that was made from it: compose reads it again when it is asked what it would make.
    file = OVERRIDE.format(service)
    extra = f" -f {file}" if override else ""
    if override:
        lab.vm.run(["sh", "-c", f"cat > {file}"], stdin=f"services:\n  {service}:\n{override}".encode())
    compose = COMPOSE
    if without:
        lab.vm.shell(f"sed '/^ *{without}:/d' /opt/zebu/docker-compose.yml > /root/base.yml")
        compose = COMPOSE.replace("docker-compose.yml", "/root/base.yml").replace(
            "docker compose", "docker compose --project-directory /opt/zebu"
        )
    up = f"{compose}{extra} up -d --no-build --pull never --no-deps --force-recreate {service}"
    state = "{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}"
    lab.vm.shell(f"{up} 2>&1" if override else f"{up} 2>&1; rm -f {file}")
    lab.vm.shell(
        f"for n in $(seq 150); do case $(docker inspect -f '{state}' zebu-{service}-1) in healthy|none) exit 0 ;; esac; sleep 0.2; done; exit 1"
    )


def override(lab: Lab, services: Mapping[str, Mapping[str, Any]]) -> None:
    """Make containers anew with what an override gives them."""
    for service, keys in services.items():
        recreate(lab, service, "".join(f"    {key}: {json.dumps(value)}\n" for key, value in keys.items()))


PAGE = "/usr/share/nginx/html/index.html"


def edit_page(lab: Lab, expression: str) -> None:
    """Change the frontend's page where it is served, by a sed expression."""
    script = f"[ -e {PAGE}.kept ] || cp {PAGE} {PAGE}.kept; sed -i {shlex.quote(expression)} {PAGE}"
    lab.vm.run(["docker", "exec", "-u", "0", "zebu-frontend-1", "sh", "-c", script])


def restore_page(lab: Lab) -> None:
    """The page as it was built."""
    script = f"[ ! -e {PAGE}.kept ] || mv {PAGE}.kept {PAGE}"
    lab.vm.run(["docker", "exec", "-u", "0", "zebu-frontend-1", "sh", "-c", script])


def restart(lab: Lab, service: str) -> None:
    """Start a service's container again, as it is, and wait until it is healthy."""
    lab.vm.shell(
        f"docker restart -t 2 zebu-{service}-1 >/dev/null; for n in $(seq 150); do [ $(docker inspect -f '{{{{.State.Health.Status}}}}' zebu-{service}-1) = healthy ] && exit 0; sleep 0.2; done; exit 1"
    )


def known(record: dict[str, Any], package: str, version: str) -> dict[str, Any]:
    """An advisory about a version of a package."""
    affected = {**record["affected"][0], "package": {"ecosystem": "PyPI", "name": package}, "versions": [version]}
    return {**record, "affected": [affected]}


def _kept(file: str) -> str:
    """Where the original waits: nginx reads whatever lies beside its files."""
    return f"/root/proxy-{file}.kept"


def edit_proxy(lab: Lab, file: str, *expressions: str) -> None:
    """Change one of the proxy's files by sed expressions, and load it."""
    path = PROXY_FILES[file]
    edits = " ".join(f"-e {shlex.quote(expression)}" for expression in expressions)
    kept = _kept(file)
    lab.proxy.shell(f"[ -e {kept} ] || cp {path} {kept}; sed -i {edits} {path}; {_RELOAD}")


def restore_proxy(lab: Lab, file: str) -> None:
    """The proxy's file as it was."""
    path = PROXY_FILES[file]
    kept = _kept(file)
    lab.proxy.shell(f"[ ! -e {kept} ] || mv {kept} {path}; {_RELOAD}")


def _put_minted(lab: Lab, name: str, days: tuple[int, int], file: str) -> None:
    """A certificate of the lab's own authority and its key, on the proxy's machine."""
    certificate, key = lab.mint(name, days)
    lab.proxy.run(["sh", "-c", f"cat > /root/{file}.pem"], stdin=certificate)
    lab.proxy.run(["sh", "-c", f"umask 077; cat > /root/{file}.key"], stdin=key)


def serve_minted(lab: Lab, server: str, name: str, days: tuple[int, int]) -> None:
    """Let one of the proxy's servers have a certificate of the lab's own authority, for a name and between two days."""
    _put_minted(lab, name, days, "fault")
    pem, private = (
        f"s#{word} .*#{word} /root/fault.{end};#"
        for word, end in (("ssl_certificate", "pem"), ("ssl_certificate_key", "key"))
    )
    edit_proxy(lab, "tls", f"/server_name {server}/,/}}/ {{ {pem}; {private} }}")


def add_server(lab: Lab, file: str, name: str, text: str) -> None:
    """Give the proxy one more server, with a certificate of the lab's own authority in `/root/FILE.pem`."""
    _put_minted(lab, name, (-1, 90), file)
    lab.proxy.run(["sh", "-c", f"cat > /etc/nginx/sites-enabled/{file}.conf"], stdin=text.encode())
    lab.proxy.shell(_RELOAD)


def remove_server(lab: Lab, file: str) -> None:
    """Without it again."""
    lab.proxy.shell(f"rm -f /etc/nginx/sites-enabled/{file}.conf /root/{file}.pem /root/{file}.key; {_RELOAD}")


def change_check(lab: Lab, name: str, **fields: Any) -> None:
    """Let the forge say something else of one check run of the deployed commit."""

    def changed(state: dict[str, Any]) -> dict[str, Any]:
        commit = state["commits"][0]
        runs = [{**run, **fields} if run["name"] == name else run for run in state["check_runs"][commit]]
        return {**state, "check_runs": {**state["check_runs"], commit: runs}}

    lab.change_state("forge", changed)


def only_vm_backups(
    lab: Lab,
    *,
    hours_ago: int = 6,
    is_enabled: bool = True,
    is_pruned: bool = True,
    kind: str = "nfs",
    is_shown: bool = True,
) -> None:
    """Nothing dumps the database any more; the hypervisor saves the whole machine, the last time some hours ago."""

    def saved(state: dict[str, Any]) -> dict[str, Any]:
        job = {**state["backup_jobs"][0], "id": "backup-200", "vmid": "200", "enabled": int(is_enabled)}
        if not is_pruned:
            del job["prune-backups"]
        ended = int(time.time()) - 3600 * hours_ago
        run = {**state["tasks"][0], "type": "vzdump", "id": "200", "status": "OK", "endtime": ended}
        storage = state["storages"]["nas"]
        status = {**storage["status"], "type": kind, "shared": int(kind == "nfs")}
        storages = {"nas": {"status": status, "content": storage["content"] if is_shown else []}}
        return {**state, "backup_jobs": [job], "tasks": [*state["tasks"], run], "storages": storages}

    lab.change_state("proxmox", saved)
    lab.vm.shell(
        "systemctl disable -q --now zebu-backup.timer; mv /etc/systemd/system/zebu-backup.timer /root/; systemctl daemon-reload"
    )


def own_dumps_again(lab: Lab) -> None:
    """As it was: the machine dumps its database, the hypervisor saves another one."""
    lab.write_states(("proxmox",))
    lab.vm.shell(
        "mv /root/zebu-backup.timer /etc/systemd/system/; systemctl daemon-reload; systemctl enable -q --now zebu-backup.timer"
    )


PVESH = r"""#!/bin/sh
# What the node itself answers, from the stand-in: pvesh get PATH [--KEY VALUE ...]
[ "$1" = get ] || exit 255
path=$2; shift 2; query=
while [ $# -gt 1 ]; do
  [ "$1" = --output-format ] || query="$query&${1#--}=$2"
  shift 2
done
curl -fsSk -H "Authorization: PVEAPIToken=@TOKEN@" "https://10.77.0.5:8006/api2/json$path?$query" | jq -c .data
"""
PVESH_SETTINGS = (('api = "https://pve.zebu.test:8006"\n', 'ssh = "proxy"\n'),)
"""The node is asked over ssh; in the lab, the proxy's machine plays its part."""


def install_pvesh(lab: Lab) -> None:
    """Give the node's part of the lab its `pvesh`."""
    token = (lab.place.keys / "proxmox.secret").read_text()
    script = PVESH.replace("@TOKEN@", f"zebu@pve!readiness={token}").encode()
    lab.proxy.run(["sh", "-c", "umask 077; cat > /usr/local/sbin/pvesh; chmod 700 /usr/local/sbin/pvesh"], stdin=script)


def remove_pvesh(lab: Lab) -> None:
    """Without it again."""
    lab.proxy.shell("rm /usr/local/sbin/pvesh")


# The workers of before answer until they notice; a moment later they are gone.
_RELOAD = "nginx -t 2>/dev/null && systemctl reload nginx && sleep 0.5"


def sql(lab: Lab, statement: str) -> str:
    """Run a statement as the database's administrator."""
    command = [
        "docker",
        "exec",
        "-i",
        "zebu-db-1",
        "psql",
        "-XAtq",
        "-v",
        "ON_ERROR_STOP=1",
        "-U",
        "zebu_admin",
        "-d",
        "zebu",
    ]
    return lab.vm.run(command, stdin=statement.encode()).stdout.decode().strip()


SERVER = "uvicorn zebu.main:app --host 0.0.0.0 --port 8000"


def beside_server(script: str) -> dict[str, dict[str, list[str]]]:
    """The override that lets a Python script run beside the backend's server, as a process of its own."""
    return {"backend": {"command": ["sh", "-c", f"python3 -c {shlex.quote(script)} & exec {SERVER}"]}}


# Run in the machine: an image with another day of making and no revision, its layers as they are.
_AGE = """
import datetime, io, json, subprocess, sys, tarfile
image = sys.argv[1]
saved = subprocess.run(["docker", "save", image], check=True, capture_output=True).stdout
with tarfile.open(fileobj=io.BytesIO(saved)) as old:
    manifest = json.load(old.extractfile("manifest.json"))
    config = json.load(old.extractfile(manifest[0]["Config"]))
    made = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=400)
    config["created"] = made.strftime("%Y-%m-%dT%H:%M:%SZ")
    config["config"]["Labels"].pop("org.opencontainers.image.revision", None)
    manifest[0]["Config"] = "config.json"
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as new:
        for name, data in (("manifest.json", json.dumps(manifest).encode()), ("config.json", json.dumps(config).encode())):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            new.addfile(entry, io.BytesIO(data))
        for layer in dict.fromkeys(manifest[0]["Layers"]):
            entry = old.getmember(layer)
            new.addfile(entry, old.extractfile(entry) if entry.isfile() else None)
subprocess.run(["docker", "load", "-q"], input=out.getvalue(), check=True, stdout=subprocess.DEVNULL)
"""
BACKEND_IMAGE = "zebu/backend:1.2.0"


def age_backend_image(lab: Lab) -> None:
    """Let the backend's image be old, without a word of its revision, with the same files."""
    lab.vm.shell(f"docker tag {BACKEND_IMAGE} zebu/backend:kept")
    lab.vm.run(["python3", "-", BACKEND_IMAGE], stdin=_AGE.encode())


def restore_backend_image(lab: Lab) -> None:
    """The backend's image, and its container, as they were built."""
    lab.vm.shell(f"docker tag zebu/backend:kept {BACKEND_IMAGE}; docker rmi zebu/backend:kept >/dev/null")
    recreate(lab, "backend")
    lab.vm.shell("docker image prune -f >/dev/null")
