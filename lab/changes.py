"""What faults have in common: changing a part of the running lab, and putting it back as `up` left it."""

from __future__ import annotations

import json
import re
import shlex
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from lab.deployment import Lab
from lab.settled import Service, states
from lab.shell import LabError
from lab.waits import until
from pytest_zebu.catalogue import Stage, load
from pytest_zebu.memory import history
from pytest_zebu.memory.history import PastRun
from pytest_zebu.memory.measures import restarts_of
from pytest_zebu.people import incidents
from pytest_zebu.verdict.outcome import Outcome

PROXY_FILES = {"tls": "/etc/nginx/sites-available/zebu-tls.conf", "http": "/etc/nginx/sites-enabled/zebu-http.conf"}
COMPOSE = "cd /opt/zebu && docker compose -f docker-compose.yml -f docker-compose.prod.yml"
OVERRIDE = "/srv/fault-{}.yml"
"""Where whoever deploys can read it."""


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
        lab.vm.shell(f"sed '/^ *{without}:/d' /opt/zebu/docker-compose.yml > /srv/base.yml")
        compose = COMPOSE.replace("docker-compose.yml", "/srv/base.yml").replace(
            "docker compose", "docker compose --project-directory /opt/zebu"
        )
    up = f"{compose}{extra} up -d --no-build --pull never --no-deps --force-recreate {service}"
    lab.vm.shell(f"{up} 2>&1" if override else f"{up} 2>&1; rm -f {file}")
    _until_ready(lab, service)


def _until_ready(lab: Lab, service: str) -> None:
    """Wait until a container that was just started is healthy, or runs if nothing checks its health."""
    until(
        f"{service} is ready",
        lambda: states(lab).get(service, "missing"),
        lambda state: state in ("healthy", "running"),
    )
    if service == "backend":
        lab.ask_database()


def override(lab: Lab, services: Mapping[str, Mapping[str, Any]]) -> None:
    """Make containers anew with what an override gives them."""
    for service, keys in services.items():
        recreate(lab, service, "".join(f"    {key}: {json.dumps(value)}\n" for key, value in keys.items()))


def edit_backend(lab: Lab, file: str, expression: str) -> None:
    """Change a file of the backend's source where it runs, by a sed expression, and start it again."""
    command = ["docker", "exec", "-u", "0", "zebu-backend-1", "sed", "-i.kept", expression, f"/app/zebu/{file}"]
    lab.vm.run(command)
    restart(lab, "backend")


def restore_backend(lab: Lab, file: str) -> None:
    """The file as it was built."""
    lab.vm.shell(f"docker exec -u 0 zebu-backend-1 mv /app/zebu/{file}.kept /app/zebu/{file}")
    restart(lab, "backend")


PAGE = "/usr/share/nginx/html/index.html"


def edit_page(lab: Lab, expression: str) -> None:
    """Change the frontend's page where it is served, by a sed expression."""
    script = f"[ -e {PAGE}.kept ] || cp {PAGE} {PAGE}.kept; sed -i {shlex.quote(expression)} {PAGE}"
    lab.vm.run(["docker", "exec", "-u", "0", "zebu-frontend-1", "sh", "-c", script])


def restore_page(lab: Lab) -> None:
    """The page as it was built."""
    script = f"[ ! -e {PAGE}.kept ] || mv {PAGE}.kept {PAGE}"
    lab.vm.run(["docker", "exec", "-u", "0", "zebu-frontend-1", "sh", "-c", script])


DIRTY_TREE = frozenset({"pre.application.quality.tagged-release", "deploy.initial.git-deployed"})
"""What a file of the checkout flips that is not as it was committed, whatever else it does."""


def edit_document(lab: Lab, name: str, change: str) -> None:
    """Change one of the checkout's documents by a command that is run beside it."""
    lab.vm.shell(f"cp -p /opt/zebu/docs/{name}.md /root/{name}.kept; cd /opt/zebu/docs; {change}")


def restore_document(lab: Lab, name: str) -> None:
    """The document as it was committed."""
    lab.vm.shell(f"cp -p /root/{name}.kept /opt/zebu/docs/{name}.md; rm /root/{name}.kept")


def restart(lab: Lab, service: str) -> None:
    """Start a service's container again, as it is, and wait until it is healthy."""
    lab.vm.shell(f"docker restart -t 2 zebu-{service}-1 >/dev/null")
    _until_ready(lab, service)


def known(record: dict[str, Any], package: str, version: str, ecosystem: str = "PyPI") -> dict[str, Any]:
    """An advisory about a version of a package."""
    affected = {**record["affected"][0], "package": {"ecosystem": ecosystem, "name": package}, "versions": [version]}
    return {**record, "affected": [affected]}


def _kept(file: str) -> str:
    """Where the original waits: nginx reads whatever lies beside its files."""
    return f"/root/proxy-{file}.kept"


def edit_proxy(lab: Lab, file: str, *expressions: str) -> None:
    """Change one of the proxy's files by sed expressions, and load it."""
    path = PROXY_FILES[file]
    edits = " ".join(f"-e {shlex.quote(expression)}" for expression in expressions)
    kept = _kept(file)
    _reload_proxy(lab, f"[ -e {kept} ] || cp {path} {kept}; sed -i {edits} {path}")


def restore_proxy(lab: Lab, file: str) -> None:
    """The proxy's file as it was."""
    path = PROXY_FILES[file]
    kept = _kept(file)
    _reload_proxy(lab, f"[ ! -e {kept} ] || mv {kept} {path}")


def before_api(lab: Lab, location: str) -> None:
    """Let the proxy answer one more location of the API's name, before what it passes on."""
    edit_proxy(lab, "tls", f"s#location / {{ proxy_pass http://10.77.0.10:8000; }}#{location} &#")


def put_minted(lab: Lab, name: str, days: tuple[int, int], file: str) -> None:
    """A certificate of the lab's own authority and its key, on the proxy's machine."""
    certificate, key = lab.mint(name, days)
    lab.proxy.run(["sh", "-c", f"cat > /root/{file}.pem"], stdin=certificate)
    lab.proxy.run(["sh", "-c", f"umask 077; cat > /root/{file}.key"], stdin=key)


def serve_minted(lab: Lab, server: str, name: str, days: tuple[int, int]) -> None:
    """Let one of the proxy's servers have a certificate of the lab's own authority, for a name and between two days."""
    put_minted(lab, name, days, "fault")
    pem, private = (
        f"s#{word} .*#{word} /root/fault.{end};#"
        for word, end in (("ssl_certificate", "pem"), ("ssl_certificate_key", "key"))
    )
    edit_proxy(lab, "tls", f"/server_name {server}/,/}}/ {{ {pem}; {private} }}")


def add_server(lab: Lab, file: str, name: str, text: str) -> None:
    """Give the proxy one more server, with a certificate of the lab's own authority in `/root/FILE.pem`."""
    put_minted(lab, name, (-1, 90), file)
    lab.proxy.run(["sh", "-c", f"cat > /etc/nginx/sites-enabled/{file}.conf"], stdin=text.encode())
    _reload_proxy(lab, ":")


def remove_server(lab: Lab, file: str) -> None:
    """Without it again."""
    _reload_proxy(lab, f"rm -f /etc/nginx/sites-enabled/{file}.conf /root/{file}.pem /root/{file}.key")


DUMPS = "/var/backups/zebu"


def dumps_on_own_disk(lab: Lab, options: str, then: str = "true") -> None:
    """Put the dumps on a disk of their own, with mount options, and run a command there."""
    lab.vm.shell(
        f"mkdir /root/dumps && cp -a {DUMPS}/. /root/dumps/ && mount -t tmpfs -o {options} tmpfs {DUMPS} && cp -a /root/dumps/. {DUMPS}/ && rm -r /root/dumps && cd {DUMPS} && {then}"
    )


def dumps_on_root_disk(lab: Lab) -> None:
    """The dumps where they were."""
    lab.vm.shell(f"umount {DUMPS}")


def write_dump(lab: Lab, script: str) -> None:
    """One more dump, newer than all, by a script that writes it to `$newest`."""
    lab.vm.shell(f"newest={DUMPS}/zebu-$(date -u +%Y%m%dT%H%M%SZ).dump; {script}; echo $newest > /root/fault.dump")


def remove_dump(lab: Lab) -> None:
    """Without it again."""
    lab.vm.shell("rm $(cat /root/fault.dump) /root/fault.dump")


def change_check(lab: Lab, name: str, /, **fields: Any) -> None:
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
    saves: Mapping[str, Any] = MappingProxyType({"vmid": "200"}),
    pool: str = "",
    status: str = "OK",
    log: Iterable[str] = (),
    spoilt: Mapping[str, Any] = MappingProxyType({}),
    disks: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Nothing dumps the database any more; the hypervisor saves the whole machine, the last time some hours ago.

    A job that saves other machines, too, has runs that do not bear the number of each: what it has stored tells.

    Args:
        kind: of the storage: a share, or a folder of the node's own.
        is_shown: whether the token may see what is stored.
        saves: what the job says of the machines that it saves, of when, and of what it keeps.
        pool: the pool that the machine is in.
        status: how the run ended.
        log: what a run for several machines wrote.
        spoilt: what is otherwise with each one that is stored.
        disks: more disks of the machine.
    """

    def saved(state: dict[str, Any]) -> dict[str, Any]:
        job = {**state["backup_jobs"][0], "id": "backup-200", "enabled": int(is_enabled)}
        del job["vmid"]
        job |= saves
        if not is_pruned:
            del job["prune-backups"]
        ended = int(time.time()) - 3600 * hours_ago
        of_one = saves.get("vmid") == "200"
        run = {**state["tasks"][0], "type": "vzdump", "id": "200" if of_one else "", "status": status}
        run |= {"upid": f"{run['upid']}{hours_ago}", "endtime": ended, "log": list(log)}
        storage = state["storages"]["nas"]
        told = {**storage["status"], "type": kind, "shared": int(kind == "nfs")}
        config = {**storage["config"], "type": kind, "path": "/mnt/pve/nas" if kind == "nfs" else "/var/lib/vz"}
        stored = [one for one in storage["content"] if one["ctime"] <= ended]
        if not of_one:
            stored.append({**storage["content"][0], "volid": "nas:backup/vzdump-qemu-200-0.vma.zst", "ctime": ended})
        stored = [{**one, **spoilt} for one in stored]
        storages = {"nas": {"status": told, "config": config, "content": stored if is_shown else []}}
        guest = state["guests"]["200"]
        guests = {**state["guests"], "200": {**guest, "pool": pool, "config": {**guest["config"], **disks}}}
        # Who may not allocate there is not shown what is stored.
        tokens = state["tokens"] if is_shown else {name: _without_stored(may) for name, may in state["tokens"].items()}
        return {
            **state, "backup_jobs": [job], "tasks": [*state["tasks"], run], "storages": storages, "guests": guests,
            "tokens": tokens,
        }  # fmt: skip

    lab.change_state("proxmox", saved)
    lab.vm.shell(
        "systemctl disable -q --now zebu-backup.timer; mv /etc/systemd/system/zebu-backup.timer /root/; systemctl daemon-reload"
    )


def _without_stored(privileges: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    return {path: [one for one in names if one != "Datastore.Allocate"] for path, names in privileges.items()}


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


_proxy = threading.Lock()
"""Faults that are injected side by side may change the same file of the proxy's."""


def _reload_proxy(lab: Lab, change: str) -> None:
    with _proxy:
        before = _workers(lab)
        lab.proxy.shell(f"{change}; nginx -t 2>/dev/null && systemctl reload nginx")
        # The workers of before answer until they notice; from then on they only end what they have begun.
        until(
            "new workers of nginx have taken over",
            lambda: _workers(lab),
            lambda now: bool(now) and not before & now,
            seconds=30,
        )


def _workers(lab: Lab) -> set[str]:
    """The workers of the proxy's nginx that take new connections, by their pids."""
    lines = lab.proxy.shell("ps -C nginx -o pid=,args= || true").splitlines()
    return {line.split()[0] for line in lines if "worker process" in line and "shutting down" not in line}


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


def until_sql(lab: Lab, what: str, question: str, answer: str = "t", *, seconds: float = 30) -> None:
    """Wait until the database answers a question as it should."""
    until(what, lambda: sql(lab, question), lambda said: said == answer, seconds=seconds)


def set_parameter(lab: Lab, name: str, value: str) -> None:
    """Give the running server another value of a parameter."""
    sql(lab, f"ALTER SYSTEM SET {name} = '{value}'")
    sql(lab, "SELECT pg_reload_conf()")
    until_sql(lab, f"the database has {name} = {value}", f"SHOW {name}", value)


def reset_parameter(lab: Lab, name: str, value: str) -> None:
    """The parameter as it was when the server started, with the value that it had."""
    sql(lab, f"ALTER SYSTEM RESET {name}")
    sql(lab, "SELECT pg_reload_conf()")
    until_sql(lab, f"the database has {name} = {value} again", f"SHOW {name}", value)


def reload_sshd(lab: Lab, change: str, *, restart: bool = False) -> None:
    """Change sshd's configuration, let it read it, and wait until it listens with what it read."""
    cursor = lab.vm.shell("journalctl -q -n 0 --show-cursor | sed -n 's/^-- cursor: //p'")
    lab.vm.shell(f"{change}; systemctl {'restart' if restart else 'reload'} ssh")
    addresses = lab.vm.shell("sshd -T | grep '^listenaddress '").splitlines()
    said = f"journalctl -q -u ssh --after-cursor={shlex.quote(cursor)} --grep '^Server listening' -o cat"
    until(
        f"sshd listens again, on {len(addresses)} addresses",
        lambda: lab.vm.shell(said).splitlines(),
        lambda lines: len(lines) >= len(addresses),
        seconds=30,
    )


def listen(lab: Lab, unit: str, socket: str, port: int) -> None:
    """A program of the machine's own listens on a port, by a Python expression that makes its socket, as a unit.

    It tries again until it can: an address may be on its way.

    Raises:
        LabError: it does not listen in time; what it said last is named.
    """
    # Lines, since systemd reads a semicolon otherwise when it reloads the unit, which a fault beside this one may make it do.
    script = f"import socket, time\ns = {socket}\ntime.sleep(6000)"
    again = ["-p", "Restart=on-failure", "-p", "RestartSec=1", "-p", "StartLimitIntervalSec=0"]
    lab.vm.run(["systemd-run", "-q", f"--unit={unit}", "--collect", *again, "python3", "-c", script])
    why = f"journalctl -q -u {unit} -n 2 -o cat; ip -o addr show dev eth0"
    look = f"ss -Hltun 'sport = :{port}' | grep . || {{ {why}; }}"
    until(f"{unit} listens", lambda: lab.vm.shell(look), lambda said: f":{port} " in said)


def reaches(lab: Lab, host: str, port: int) -> None:
    """Wait until the backend reaches a service by its name."""
    ask = f"import socket; print(socket.create_connection(({host!r}, {port}), 2).getpeername())"
    until(
        f"the backend reaches {host}",
        lambda: lab.vm.run(["docker", "exec", "zebu-backend-1", "python3", "-c", ask]).stdout,
    )


# Of a container: seconds since it was started, seconds of processor time since then, bytes of memory, processors.
_USAGE = r"""
id=$(docker inspect -f '{{.Id}}' "zebu-$1-1")
started=$(docker inspect -f '{{.State.StartedAt}}' "$id")
for folder in $(find /sys/fs/cgroup -maxdepth 6 -type d -name "*$id*"); do
  [ -f "$folder/cpuacct.usage" ] && used=$(cat "$folder/cpuacct.usage")
  [ -f "$folder/cpu.stat" ] && grep -q usage_usec "$folder/cpu.stat" && used=$(($(sed -n 's/^usage_usec //p' "$folder/cpu.stat") * 1000))
  [ -f "$folder/memory.usage_in_bytes" ] && memory=$(cat "$folder/memory.usage_in_bytes")
  [ -f "$folder/memory.current" ] && memory=$(cat "$folder/memory.current")
done
echo "$(date +%s.%N) $(date -d "$started" +%s.%N) $used $memory $(nproc)"
"""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a service's container has used since it was started.

    Attributes:
        seconds: since it was started.
        share: of all processors, over that time.
        memory: bytes, with what the kernel keeps for it.
    """

    seconds: float
    share: float
    memory: int


def usage(lab: Lab, service: Service) -> Usage:
    """What a service's container has used."""
    said = lab.vm.run(["sh", "-euc", _USAGE, "sh", service]).stdout.split()
    lived = float(said[0]) - float(said[1])
    return Usage(lived, int(said[2]) / 1e9 / lived / int(said[4]), int(said[3]))


SERVER = "uvicorn zebu.main:app --host 0.0.0.0 --port 8000"


def beside_server(script: str) -> dict[Service, dict[str, list[str]]]:
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
    for step in config["history"]:
        step["created"] = config["created"]
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


CUT = "add table inet cut; add chain inet cut out { type filter hook output priority 0; }; add rule inet cut out tcp dport 22 accept; add rule inet cut out oifname != lo drop"
"""For nft in the runner's place: it reaches nothing but ssh."""


def change_snapshots(lab: Lab, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
    """Let the hypervisor have other snapshots of the machine."""

    def changed(state: dict[str, Any]) -> dict[str, Any]:
        guest = state["guests"]["200"]
        return {**state, "guests": {**state["guests"], "200": {**guest, "snapshot": change(guest["snapshot"])}}}

    lab.change_state("proxmox", changed)


def _remember(lab: Lab, days_ago: int, outcomes: Mapping[str, Outcome], measures: Mapping[str, float]) -> None:
    at = datetime.now(UTC) - timedelta(days=days_ago)
    history.record(lab.fault_history, "lab", PastRun(at, "v1.2.0", False, outcomes, measures))


def remember_disk(lab: Lab, days_ago: int, gib_less: float) -> None:
    """An earlier run, in a history of the fault's own, in which each disk had less on it than now; it counted restarts, too."""
    places = lab.vm.shell(
        "df -B1 --output=target,used / /var/log /var/lib/docker /opt/zebu /var/backups/zebu | tail -n +2"
    )
    used = {line.split()[0]: float(line.split()[1]) for line in places.splitlines()}
    measures = {f"disk.used.{place}": value - gib_less * 2**30 for place, value in used.items()}
    _remember(lab, days_ago, {}, measures | _restarts(lab))


def remember_restarts(lab: Lab) -> None:
    """An earlier run, in a history of the fault's own, that saw the containers as they are."""
    _remember(lab, 1, {}, _restarts(lab))


def _restarts(lab: Lab) -> dict[str, float]:
    counts = lab.vm.shell("for id in $(docker ps -q); do echo $id $(docker inspect -f '{{.RestartCount}}' $id); done")
    rows = (line.split() for line in counts.splitlines())
    return {restarts_of(container): float(count) for container, count in rows}


def remember_tasks(lab: Lab, days_ago: int) -> None:
    """An earlier run, in a history of the fault's own, that saw every recurring task done."""
    tasks = {item.id: Outcome.PASSED for item in load().stage(Stage.OPERATIONS)}
    _remember(lab, days_ago, tasks, {})


def remember_earlier_run(lab: Lab, days_ago: int = 2) -> None:
    """A run of some days ago, in the lab's own history, that counted restarts and saw as much memory in use as the first: a practice.

    It says nothing of disks, as how they grow is attested in the lab.

    Raises:
        LabError: no run has seen the lab.
    """
    earlier = datetime.now(UTC) - timedelta(days=days_ago)
    runs = history.read(lab.history, "lab", datetime.now(UTC)).runs
    if not runs:
        raise LabError("no run has seen the lab yet: pytest --zebu-host=lab --zebu-active=functional,restore")
    # Who looked at a part of the lab by hand, before, has counted less.
    first = next((run for run in runs if any(name.startswith("memory.") for name in run.measures)), runs[0])
    if first.at <= earlier + timedelta(days=1):
        return
    measures = {name: value for name, value in first.measures.items() if name.startswith((restarts_of(""), "memory."))}
    history.record(
        lab.history, "lab", PastRun(earlier, first.version, is_partial=False, outcomes={}, measures=measures)
    )


def forget(lab: Lab) -> None:
    """Without the fault's history."""
    lab.fault_history.unlink(missing_ok=True)


def date_back(lab: Lab, items: Iterable[str], days: int) -> None:
    """Let attestations of some items be of another day; `Lab.write_access` puts them back."""
    file = lab.place.folder / "attestations.toml"
    then = (datetime.now(UTC) - timedelta(days=days)).date().isoformat()
    marks = [f'id = "{item}"' for item in items]
    blocks = [
        re.sub(r'on = "[\d-]+"', f'on = "{then}"', block) if any(mark in block for mark in marks) else block
        for block in file.read_text().split("[[attestation]]")
    ]
    file.write_text("[[attestation]]".join(blocks))


STEPS = frozenset(item.id for item in load().stage(Stage.INCIDENT))
"""The steps of an incident."""


def record_incident(lab: Lab, done: Iterable[str] | None = None, closed_days_ago: int | None = None) -> None:
    """A record of an incident beside the lab's settings: steps that are done (by default all), and when it ended."""
    ended = datetime.now(UTC) - timedelta(days=closed_days_ago or 0)
    opened = ended - timedelta(hours=3)
    text = incidents.render("the API answers 500", "lab", opened, load(), {})
    for item in load().stage(Stage.INCIDENT):
        if done is None or item.id in done:
            text = incidents.with_step(text, item.id, "done, as agreed", "operations", ended)
    if closed_days_ago is not None:
        text = incidents.with_end(text, ended)
    folder = lab.place.folder / "incidents"
    folder.mkdir(exist_ok=True)
    (folder / "fault.md").write_text(text)


def forget_incidents(lab: Lab) -> None:
    """Without it."""
    (lab.place.folder / "incidents/fault.md").unlink(missing_ok=True)


WATCH = "/usr/local/sbin/zebu-watch"


def edit_watch(lab: Lab, expression: str) -> None:
    """What watches the deployment otherwise."""
    lab.vm.shell(
        f"cp -p {WATCH} /root/; sed -i '{expression}' {WATCH}; if cmp -s /root/zebu-watch {WATCH}; then exit 1; fi; systemctl start zebu-watch.service"
    )


def watch_again(lab: Lab) -> None:
    """What watches as it was."""
    lab.vm.shell(f"cp -p /root/zebu-watch {WATCH}; rm /root/zebu-watch; systemctl start zebu-watch.service")
