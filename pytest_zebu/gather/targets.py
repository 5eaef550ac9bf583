"""Who is asked: the hosts that options name, each with its settings. Precedence: option, environment, file, discovery."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from pytest_zebu.files import at_home
from pytest_zebu.gather.deadline import at_once
from pytest_zebu.gather.lab import LabNotUp, RunningLab
from pytest_zebu.settings import find, read
from pytest_zebu.settings.errors import UsageProblem, explain
from pytest_zebu.settings.sections import Host
from pytest_zebu.settings.target import Target, Way
from pytest_zebu.shown import meant

LAB = "lab"
ACTIVE = frozenset({"functional", "restore", "attack"})
SSH_SECONDS = 10
WAYS_AT_ONCE = 8
"""So many ssh are asked at once, each for one host: an `exec` of a `Match` in its configuration may wait."""


def _from_url(text: str) -> Host:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise UsageProblem(f"--zebu-host={text}: {error}") from None
    if parts.scheme != "ssh" or not parts.hostname or parts.path.strip("/") or parts.password:
        raise UsageProblem(
            f"--zebu-host={text}: write ssh://user@host:port, a name from zebu.toml, an ssh alias, or lab"
        )
    try:
        return Host(address=parts.hostname, user=parts.username, port=port)
    except ValidationError as error:
        raise UsageProblem(explain(Path(f"--zebu-host={text}"), error, Host)) from None


def running_lab() -> RunningLab:
    """The lab that is up.

    Raises:
        UsageProblem: none is, or this user may not use it.
    """
    try:
        return RunningLab.find()
    except LabNotUp as error:
        raise UsageProblem(str(error)) from None


def enter_lab(found: Iterable[Target]) -> None:
    """Move this process into the lab's network, if the lab is among those who are asked.

    Raises:
        UsageProblem: it is not up, or the kernel refuses.
    """
    if any(target.name == LAB for target in found):
        try:
            running_lab().enter()
        except LabNotUp as error:
            raise UsageProblem(str(error)) from None


def way_of(target: Target) -> Way | None:
    """What ssh makes of the host's name: its configuration may give it another address, another port, a way through others.

    Nothing, where ssh does not say it: the run itself will tell why.
    """
    host = target.host
    options = [
        *(["-F", str(at_home(host.ssh_config))] if host.ssh_config else []),
        *(["-p", str(host.port)] if host.port else []),
        *(["-l", host.user] if host.user else []),
    ]
    try:
        done = subprocess.run(
            ["ssh", "-G", *options, "--", host.address or target.name],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=SSH_SECONDS, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    said = dict(line.split(" ", 1) for line in done.stdout.decode(errors="replace").splitlines() if " " in line)
    through = [said[key] for key in ("proxyjump", "proxycommand") if said.get(key, "none") != "none"]
    try:
        return Way.model_validate(
            {"address": said["hostname"], "port": int(said["port"]), "through": through[0] if through else ""}
        )
    except (KeyError, ValueError):
        return None


def targets(names: str, config: str | None, timeout: float | None, deadline: float | None = None) -> tuple[Target, ...]:
    """The hosts that the options name, with their settings, and the ways to them.

    Raises:
        UsageProblem: as `named`.
    """
    return with_ways(named(names, config, timeout, deadline))


def named(names: str, config: str | None, timeout: float | None, deadline: float | None = None) -> tuple[Target, ...]:
    """The hosts that the options name, with their settings.

    A name that the file does not know is an alias of ssh's own configuration; `lab` is the running lab, with the
    lab's settings unless a file is named.

    Raises:
        UsageProblem: a name, a file or the lab is wrong; the text says what helps.
    """
    found = []
    read_once = cache(find)
    for name in dict.fromkeys(part.strip() for part in names.split(",") if part.strip()):
        lab = None
        chosen = config
        if name == LAB:
            lab = running_lab()
            chosen = config or os.environ.get("ZEBU_CONFIG") or str(lab.config)
        limits = {"timeout": timeout, "deadline": deadline}
        given = {key: value for key, value in limits.items() if value is not None}
        settings = read_once(chosen).for_host(name).model_copy(update=given)
        host: Host
        if name in settings.hosts:
            host = settings.hosts[name]
        elif lab is not None:
            host = read(lab.config).hosts[LAB]
        elif "://" in name or "@" in name:
            host = _from_url(name if "://" in name else f"ssh://{name}")
        else:
            try:
                host = Host(address=name)
            except ValidationError as error:
                raise UsageProblem(explain(Path(f"--zebu-host={name}"), error, Host)) from None
        found.append(Target(name=name, host=host, settings=settings))
    if not found:
        raise UsageProblem("--zebu-host is empty: name a host, an ssh alias, or lab")
    return tuple(found)


def with_ways(found: Sequence[Target]) -> tuple[Target, ...]:
    """The same, each with the way that ssh would take to it."""
    ways = at_once(way_of, found, WAYS_AT_ONCE)
    return tuple(target.model_copy(update={"way": way}) for target, way in zip(found, ways, strict=True))


def chosen(target: Target, scan: str, active: str) -> Target:
    """A target with what the options choose for this run.

    Raises:
        UsageProblem: there is no such active probe.
    """
    probes = frozenset(part.strip() for part in active.split(",") if part.strip())
    if unknown := sorted(probes - ACTIVE):
        raise UsageProblem(
            f"--zebu-active={unknown[0]}: there are functional, restore and attack{meant(unknown[0], ACTIVE)}"
        )
    return target.model_copy(update={"scan": scan, "active": probes})
