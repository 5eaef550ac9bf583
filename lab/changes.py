"""What faults have in common: changing a part of the running lab, and putting it back as `up` left it."""

from __future__ import annotations

import shlex
from typing import Any

from lab.deployment import Lab

PROXY_FILES = {"tls": "/etc/nginx/sites-available/zebu-tls.conf", "http": "/etc/nginx/sites-enabled/zebu-http.conf"}
COMPOSE = "cd /opt/zebu && docker compose -f docker-compose.yml -f docker-compose.prod.yml"
OVERRIDE = "/root/fault.yml"


def set_env(lab: Lab, **values: str) -> None:
    """Change variables of `.env`; the containers keep what they were made with."""
    edits = "".join(f"-e {shlex.quote(f's|^{name}=.*|{name}={value}|')} " for name, value in values.items())
    lab.vm.shell(f"[ -e /root/env.kept ] || cp -p /opt/zebu/.env /root/env.kept; sed -i {edits} /opt/zebu/.env")


def restore_env(lab: Lab) -> None:
    """`.env` as it was."""
    lab.vm.shell("[ ! -e /root/env.kept ] || { cp -p /root/env.kept /opt/zebu/.env; rm /root/env.kept; }")


def recreate(lab: Lab, service: str, override: str = "", without: str = "") -> None:
    """Make a service's container anew, with the production files and what a fault adds to them, or takes away."""
    extra = f" -f {OVERRIDE}" if override else ""
    if override:
        lab.vm.run(["sh", "-c", f"cat > {OVERRIDE}"], stdin=f"services:\n  {service}:\n{override}".encode())
    compose = COMPOSE
    if without:
        lab.vm.shell(f"sed '/^ *{without}:/d' /opt/zebu/docker-compose.yml > /root/base.yml")
        compose = COMPOSE.replace("docker-compose.yml", "/root/base.yml").replace(
            "docker compose", "docker compose --project-directory /opt/zebu"
        )
    up = f"{compose}{extra} up -d --no-build --pull never --no-deps --force-recreate {service}"
    state = "{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}"
    lab.vm.shell(f"{up} 2>&1; rm -f {OVERRIDE}")
    lab.vm.shell(
        f"for n in $(seq 150); do case $(docker inspect -f '{state}' zebu-{service}-1) in healthy|none) exit 0 ;; esac; sleep 0.2; done; exit 1"
    )


def restart(lab: Lab, service: str) -> None:
    """Start a service's container again, as it is, and wait until it is healthy."""
    lab.vm.shell(
        f"docker restart -t 2 zebu-{service}-1 >/dev/null; for n in $(seq 150); do [ $(docker inspect -f '{{{{.State.Health.Status}}}}' zebu-{service}-1) = healthy ] && exit 0; sleep 0.2; done; exit 1"
    )


def known(record: dict[str, Any], package: str, version: str) -> dict[str, Any]:
    """An advisory about a version of a package."""
    affected = {**record["affected"][0], "package": {"ecosystem": "PyPI", "name": package}, "versions": [version]}
    return {**record, "affected": [affected]}


def edit_proxy(lab: Lab, file: str, *expressions: str) -> None:
    """Change one of the proxy's files by sed expressions, and load it."""
    path = PROXY_FILES[file]
    edits = " ".join(f"-e {shlex.quote(expression)}" for expression in expressions)
    lab.proxy.shell(f"[ -e {path}.kept ] || cp {path} {path}.kept; sed -i {edits} {path}; {_RELOAD}")


def restore_proxy(lab: Lab, file: str) -> None:
    """The proxy's file as it was."""
    path = PROXY_FILES[file]
    lab.proxy.shell(f"[ ! -e {path}.kept ] || mv {path}.kept {path}; {_RELOAD}")


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
