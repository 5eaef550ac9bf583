"""Proxmox VE's API, read-only: every answer in `data`, privileges as its own checks name them.

https://pve.proxmox.com/pve-docs/api-viewer/
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lab.standins.server import Request, Response, StandIn

NODE = r"/api2/json/nodes/([\w-]+)"


def make(state: Path) -> StandIn:
    """The stand-in.

    State: tokens (header value to privileges by path), node, version, updates, versions, tasks (those for several guests
    with a log), guests by vmid (config, current, pool, snapshots, interfaces), backup_jobs, storages (config, status, content).
    """
    proxmox = StandIn(state)

    def privileges(request: Request, state: dict[str, Any]) -> dict[str, list[str]] | None:
        found: dict[str, list[str]] | None = state["tokens"].get(
            request.headers.get("authorization", "").removeprefix("PVEAPIToken=")
        )
        return found

    def may(request: Request, state: dict[str, Any], path: str, privilege: str) -> bool:
        granted = privileges(request, state) or {}
        return any(privilege in names for at, names in granted.items() if path.startswith(at) or at == "/")

    def refused(path: str, privilege: str) -> Response:
        return Response({"data": None}, 403, reason=f"Permission check failed ({path}, {privilege})")

    def guard(request: Request, state: dict[str, Any]) -> Response | None:
        if privileges(request, state) is None:
            return Response({"data": None}, 401, reason="invalid token value!")
        return None

    proxmox.guard = guard

    @proxmox.on("GET", r"/api2/json/version")
    def version(request: Request, state: dict[str, Any]) -> Response:
        return Response({"data": state["version"]})

    @proxmox.on("GET", r"/api2/json/access/permissions")
    def permissions(request: Request, state: dict[str, Any]) -> Response:
        found = privileges(request, state) or {}
        return Response({"data": {path: dict.fromkeys(names, 1) for path, names in found.items()}})

    @proxmox.on("GET", r"/api2/json/nodes")
    def nodes(request: Request, state: dict[str, Any]) -> Response:
        if not may(request, state, f"/nodes/{state['node']}", "Sys.Audit"):
            return Response({"data": []})
        return Response({"data": [{"node": state["node"], "status": "online", "type": "node"}]})

    @proxmox.on("GET", NODE + r"/apt/update")
    def updates(request: Request, state: dict[str, Any]) -> Response:
        path = f"/nodes/{request.match[0]}"
        if not may(request, state, path, "Sys.Modify"):
            return refused(path, "Sys.Modify")
        return Response({"data": state["updates"]})

    @proxmox.on("GET", NODE + r"/apt/versions")
    def versions(request: Request, state: dict[str, Any]) -> Response:
        path = f"/nodes/{request.match[0]}"
        if not may(request, state, path, "Sys.Audit"):
            return refused(path, "Sys.Audit")
        return Response({"data": state["versions"]})

    @proxmox.on("GET", NODE + r"/tasks")
    def tasks(request: Request, state: dict[str, Any]) -> Response:
        own_only = not may(request, state, f"/nodes/{request.match[0]}", "Sys.Audit")
        kind, guest = request.query.get("typefilter"), request.query.get("vmid")
        found = [
            {key: value for key, value in task.items() if key != "log"}
            for task in state["tasks"]
            if not own_only and kind in (None, task["type"]) and guest in (None, task["id"])
        ]
        return Response({"data": found[: int(request.query.get("limit", 50))]})

    @proxmox.on("GET", NODE + r"/tasks/(UPID:[^/]+)/log")
    def log(request: Request, state: dict[str, Any]) -> Response:
        node, upid = request.match
        if not may(request, state, f"/nodes/{node}", "Sys.Audit"):
            return refused(f"/nodes/{node}", "Sys.Audit")
        lines: list[str] = next((task.get("log", []) for task in state["tasks"] if task["upid"] == upid), [])
        shown = lines[: int(request.query.get("limit", 50))]
        return Response({"data": [{"n": number, "t": line} for number, line in enumerate(shown, 1)]})

    @proxmox.on("GET", r"/api2/json/cluster/resources")
    def resources(request: Request, state: dict[str, Any]) -> Response:
        return Response(
            {
                "data": [
                    {"id": f"qemu/{vmid}", "type": "qemu", "node": state["node"], "template": 0}
                    | {key: guest["current"][key] for key in ("vmid", "name", "status", "maxmem", "maxdisk")}
                    | ({"pool": guest["pool"]} if guest.get("pool") else {})
                    for vmid, guest in state["guests"].items()
                    if may(request, state, f"/vms/{vmid}", "VM.Audit")
                ]
            }
        )

    @proxmox.on("GET", r"/api2/json/pools/([\w.-]+)")
    def pool(request: Request, state: dict[str, Any]) -> Response:
        name = request.match[0]
        if not may(request, state, f"/pool/{name}", "Pool.Audit"):
            return refused(f"/pool/{name}", "Pool.Audit")
        members = [
            {"id": f"qemu/{vmid}", "type": "qemu", "node": state["node"], "vmid": int(vmid)}
            for vmid, guest in state["guests"].items()
            if guest.get("pool") == name
        ]
        return Response({"data": {"members": members}})

    @proxmox.on("GET", r"/api2/json/storage/([\w-]+)")
    def storage_config(request: Request, state: dict[str, Any]) -> Response:
        name = request.match[0]
        if not may(request, state, f"/storage/{name}", "Datastore.Allocate"):
            return refused(f"/storage/{name}", "Datastore.Allocate")
        return Response({"data": {"storage": name, **state["storages"][name]["config"]}})

    @proxmox.on("GET", NODE + r"/qemu")
    def guests(request: Request, state: dict[str, Any]) -> Response:
        seen = [guest for vmid, guest in state["guests"].items() if may(request, state, f"/vms/{vmid}", "VM.Audit")]
        return Response({"data": [guest["current"] for guest in seen]})

    @proxmox.on("GET", NODE + r"/qemu/(\d+)/(config|status/current|snapshot|agent/network-get-interfaces)")
    def guest(request: Request, state: dict[str, Any]) -> Response:
        _, vmid, what = request.match
        if not may(request, state, f"/vms/{vmid}", "VM.Audit"):
            return refused(f"/vms/{vmid}", "VM.Audit")
        if vmid not in state["guests"]:
            return Response({"data": None}, 500, reason=f"Configuration file 'nodes/{vmid}.conf' does not exist")
        return Response({"data": state["guests"][vmid][what.rsplit("/", 1)[-1]]})

    @proxmox.on("GET", r"/api2/json/cluster/backup")
    def backup_jobs(request: Request, state: dict[str, Any]) -> Response:
        if not may(request, state, "/", "Sys.Audit"):
            return refused("/", "Sys.Audit")
        return Response({"data": state["backup_jobs"]})

    @proxmox.on("GET", r"/api2/json/cluster/backup-info/not-backed-up")
    def not_backed_up(request: Request, state: dict[str, Any]) -> Response:
        if not may(request, state, "/", "Sys.Audit"):
            return refused("/", "Sys.Audit")
        covered = {vmid for job in state["backup_jobs"] for vmid in str(job.get("vmid", "")).split(",")}
        return Response(
            {
                "data": [
                    {"vmid": int(vmid), "name": guest["current"]["name"], "type": "qemu"}
                    for vmid, guest in state["guests"].items()
                    if vmid not in covered
                ]
            }
        )

    @proxmox.on("GET", NODE + r"/storage/([\w-]+)/(status|content)")
    def storage(request: Request, state: dict[str, Any]) -> Response:
        _, name, what = request.match
        if not may(request, state, f"/storage/{name}", "Datastore.Audit"):
            return refused(f"/storage/{name}", "Datastore.Audit")
        data = state["storages"][name][what]
        # Backups are left out, without a word, for who may not allocate space there.
        if what == "content" and not may(request, state, f"/storage/{name}", "Datastore.Allocate"):
            data = [volume for volume in data if volume.get("content") != "backup"]
        return Response({"data": data})

    return proxmox
